namespace AutLearn.Augment.Images;

/// <summary>Pipelines for common kinds of images.</summary>
public static class ImagePresets
{
    /// <summary>Creates gentle geometry for handwriting: crop, rotation, shear, scale and translation, but no flips, which change letters.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="background">The colour of the paper, 0xAABBGGRR; black by default, as in MNIST.</param>
    public static ImagePipeline Handwriting(long seed = 0, uint background = 0xFF000000) => new(new ImagePipelineOptions
    {
        Steps =
        [
            new RotationStep(10),
            new ShearStep(8),
            new ScaleStep(0.9, 1.1),
            new TranslationStep(0.07, 0.07),
            new RandomCropStep(0.92) { Probability = 0.5 },
        ],
        Seed = seed,
        Border = BorderMode.Constant,
        Fill = background,
    });

    /// <summary>Creates crops, mirrors and changes of light for photos, ending in a square.</summary>
    /// <param name="seed">The seed.</param>
    public static ImagePipeline Photos(long seed = 0) => new(new ImagePipelineOptions
    {
        Steps =
        [
            new CenterCropStep(1),
            new RandomCropStep(0.75),
            new FlipStep(FlipAxis.Horizontal) { Probability = 0.5 },
            new RotationStep(10) { Probability = 0.5 },
            new BrightnessStep(0.15),
            new ContrastStep(0.2),
            new SaturationStep(0.2),
            new NoiseStep(6) { Probability = 0.3 },
        ],
        Seed = seed,
        Border = BorderMode.Reflect,
    });
}
