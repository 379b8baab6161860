using AutLearn.Augment.Images;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Samples.Gallery;

/// <summary>Turns photo files into the model's input, as the package's preprocessing says.</summary>
internal sealed class PhotoRenderer
{
    private readonly ImagePipeline _pipeline;
    private readonly TensorLayout _layout;
    private readonly ImageDecoderOptions _decoding;

    public PhotoRenderer(ImagePreprocessing preprocessing)
    {
        _pipeline = new(new ImagePipelineOptions { Steps = [new CenterCropStep(preprocessing.CropFraction)] });
        _layout = new(preprocessing.Width, preprocessing.Height, preprocessing.Channels, preprocessing.Mean, preprocessing.Std);
        _decoding = new() { MinSide = (int)Math.Ceiling(Math.Max(preprocessing.Width, preprocessing.Height) / preprocessing.CropFraction) };
    }

    public int Length => _layout.Length;

    /// <exception cref="InvalidDataException">The content is no readable image.</exception>
    public void Render(Photo photo, PhotoContent content, Span<float> tensor) =>
        _pipeline.Augment(ImageDecoder.Decode(content.Bytes, photo.Name, _decoding), _layout, tensor, photo.Id);
}
