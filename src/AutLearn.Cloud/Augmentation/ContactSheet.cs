using System.Runtime.InteropServices;
using AutLearn.Augment.Images;
using AutLearn.Cloud.Data;
using SkiaSharp;

namespace AutLearn.Cloud.Augmentation;

/// <summary>Draws images and their augmented forms, one image a row, the original at the left.</summary>
internal sealed class ContactSheet(ImagePipeline pipeline, int side, int variants)
{
    private const int Gap = 4;
    private const uint Background = 0xFF808080;

    private readonly TensorLayout _layout = new(side, side, 3, 0, 1);
    private readonly ImagePipeline _plain = new(pipeline.Options with { Steps = [new CenterCropStep(1)] });

    /// <summary>Draws the sheet.</summary>
    /// <exception cref="DataFileException">An image is damaged.</exception>
    public PixelImage Render(ImageSet images, Action<int> progress, CancellationToken cancellationToken)
    {
        int width = Gap + ((variants + 1) * (side + Gap)), height = Gap + (images.Count * (side + Gap));
        uint[] pixels = new uint[width * height];
        Array.Fill(pixels, Background);
        float[] tensor = new float[_layout.Length];
        for (int row = 0; row < images.Count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            PixelImage source = images.Load(row, 2 * side);
            for (int column = 0; column <= variants; column++)
            {
                if (column == 0)
                    _plain.Augment(source, _layout, tensor, row);
                else
                    pipeline.Augment(source, _layout, tensor, row, column);
                Paint(tensor, pixels.AsSpan((Gap + (row * (side + Gap))) * width), Gap + (column * (side + Gap)), width);
            }

            progress(row + 1);
        }

        return new(width, height, pixels);
    }

    /// <summary>Writes a PNG file.</summary>
    /// <exception cref="DataFileException">The file cannot be written.</exception>
    public static void Save(PixelImage image, string path)
    {
        using SKImage copy = SKImage.FromPixelCopy(
            new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), MemoryMarshal.AsBytes(image.Pixels));
        using SKData data = copy.Encode(SKEncodedImageFormat.Png, 100);
        OutputFile.Write(path, data.ToArray());
    }

    private void Paint(ReadOnlySpan<float> tensor, Span<uint> target, int left, int width)
    {
        int plane = side * side;
        for (int i = 0; i < plane; i++)
        {
            target[((i / side) * width) + left + (i % side)] =
                0xFF000000 | (Level(tensor[(2 * plane) + i]) << 16) | (Level(tensor[plane + i]) << 8) | Level(tensor[i]);
        }
    }

    private static uint Level(float value) => (uint)Math.Clamp(MathF.Round(value), 0, 255);
}
