using AutLearn.Augment.Images;
using AutLearn.Augment.Skia;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Samples.Gallery;

/// <summary>Turns photo files into the model's input, as the package's preprocessing says; photos have many megapixels, so Skia decodes them.</summary>
internal sealed class PhotoRenderer
{
    private readonly ImageTensorizer _tensorizer;
    private readonly ImageDecoderOptions _decoding;

    public PhotoRenderer(ImagePreprocessing preprocessing)
    {
        _tensorizer = new(preprocessing);
        _decoding = new() { MinSide = _tensorizer.SufficientSide };
    }

    /// <param name="photo">The photo.</param>
    /// <param name="content">Its file.</param>
    /// <param name="input">Receives the model's input, in its own type.</param>
    /// <exception cref="InvalidDataException">The content is no readable image.</exception>
    public void Render(Photo photo, PhotoContent content, Span<byte> input) =>
        _tensorizer.FillBytes(SkiaImageDecoder.Instance.Decode(content.Bytes, photo.Name, _decoding), input);
}
