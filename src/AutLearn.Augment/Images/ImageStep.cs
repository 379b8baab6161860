using System.Collections.Immutable;
using System.Text.Json.Serialization;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>One operation of an image pipeline; a description without state.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "op")]
[JsonDerivedType(typeof(FlipStep), "flip")]
[JsonDerivedType(typeof(RotationStep), "rotation")]
[JsonDerivedType(typeof(ScaleStep), "scale")]
[JsonDerivedType(typeof(ShearStep), "shear")]
[JsonDerivedType(typeof(TranslationStep), "translation")]
[JsonDerivedType(typeof(RandomCropStep), "random_crop")]
[JsonDerivedType(typeof(CenterCropStep), "center_crop")]
[JsonDerivedType(typeof(FiveCropStep), "five_crop")]
[JsonDerivedType(typeof(BrightnessStep), "brightness")]
[JsonDerivedType(typeof(ContrastStep), "contrast")]
[JsonDerivedType(typeof(SaturationStep), "saturation")]
[JsonDerivedType(typeof(NoiseStep), "noise")]
[JsonDerivedType(typeof(CutoutStep), "cutout")]
[JsonDerivedType(typeof(ComposeStep), "compose")]
[JsonDerivedType(typeof(OneOfStep), "one_of")]
[JsonDerivedType(typeof(SomeOfStep), "some_of")]
public abstract record ImageStep
{
    private protected ImageStep()
    {
    }

    /// <summary>Gets the probability that the step is taken.</summary>
    /// <value>In [0, 1]. The default is 1.</value>
    public double Probability { get; init; } = 1;

    internal void Draw(CounterRandom random, ImagePlanBuilder plan)
    {
        if (random.NextBool(Probability))
            DrawTaken(ref random, plan);
    }

    internal static void ValidateAll(ImmutableArray<ImageStep> steps, string owner)
    {
        for (int i = 0; i < steps.Length; i++)
            (steps[i] ?? throw new ArgumentException($"Step {i} of {owner} is null.")).Validate();
    }

    internal virtual void Validate() => Check(Probability, 0, 1, nameof(Probability));

    private protected abstract void DrawTaken(ref CounterRandom random, ImagePlanBuilder plan);

    private protected void Check(double value, double min, double max, string name)
    {
        if (!(value >= min && value <= max))
            throw new ArgumentException($"{name} of {GetType().Name} is {value}; it must lie in [{min}, {max}].");
    }
}
