using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Data;

/// <summary>Turns images into network input as an <see cref="ImagePreprocessing"/> describes.</summary>
/// <remarks>
/// Bilinear resize with half-pixel centres. Where the image shrinks, the triangle widens by the same factor, so that every source pixel
/// counts and fine detail does not alias. Immutable; safe for use by several threads.
/// </remarks>
internal sealed class ImageTensorizer
{
    private readonly ImagePreprocessing _preprocessing;

    public ImageTensorizer(ImagePreprocessing preprocessing)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(preprocessing.Width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(preprocessing.Height, 1);
        if (preprocessing.Channels is not (1 or 3))
            throw new AutLearnException($"The preprocessing asks for {preprocessing.Channels} channels; 1 or 3 are possible.");
        if (!float.IsFinite(preprocessing.Mean) || !float.IsFinite(preprocessing.Std) || preprocessing.Std == 0)
            throw new AutLearnException($"The preprocessing's mean {preprocessing.Mean} and std {preprocessing.Std} must be finite and std not 0.");
        if (!(preprocessing.CropFraction is > 0 and <= 1))
            throw new AutLearnException($"The preprocessing's crop fraction {preprocessing.CropFraction} is not in (0, 1].");
        _preprocessing = preprocessing;
    }

    /// <summary>Gets the number of values of one image.</summary>
    public int ValuesPerImage => checked(_preprocessing.Width * _preprocessing.Height * _preprocessing.Channels);

    /// <summary>Gets the shorter side, in pixels, of which an image has enough detail: twice what the crop is scaled to.</summary>
    public int SufficientSide => (int)Math.Ceiling(2 * Math.Max(_preprocessing.Width, _preprocessing.Height) / _preprocessing.CropFraction);

    /// <summary>Writes one image's planes.</summary>
    /// <param name="image">The image.</param>
    /// <param name="destination">Of <see cref="ValuesPerImage"/> values, in order channel, row, column.</param>
    public void Fill(PixelImage image, Span<float> destination)
    {
        if (destination.Length != ValuesPerImage)
            throw new ArgumentException($"The destination takes {destination.Length} values, not {ValuesPerImage}.", nameof(destination));
        int side = Math.Max(1, (int)MathF.Round(Math.Min(image.Width, image.Height) * _preprocessing.CropFraction));
        Weights columns = Weights.Of((image.Width - side) / 2, side, _preprocessing.Width);
        Weights rows = Weights.Of((image.Height - side) / 2, side, _preprocessing.Height);
        int plane = _preprocessing.Width * _preprocessing.Height;
        float[] narrowed = new float[side * _preprocessing.Width];
        for (int c = 0; c < _preprocessing.Channels; c++)
        {
            if (c > 0 && image.Channels == 1)
                destination[..plane].CopyTo(destination[(c * plane)..]);
            else
                Resize(image, c, _preprocessing.Channels, rows, columns, narrowed, destination.Slice(c * plane, plane));
        }
    }

    private void Resize(PixelImage image, int channel, int channels, Weights rows, Weights columns, float[] narrowed, Span<float> plane)
    {
        ReadOnlySpan<byte> pixels = image.Pixels.Span;
        int width = _preprocessing.Width;
        bool toGrey = channels == 1 && image.Channels == 3;
        for (int y = 0; y < rows.SourceCount; y++)
        {
            int line = (rows.SourceStart + y) * image.Width;
            for (int x = 0; x < width; x++)
            {
                float sum = 0;
                for (int k = columns.First[x]; k < columns.First[x + 1]; k++)
                {
                    int at = (line + columns.Source[k]) * image.Channels;

                    // ITU-R BT.601 luma.
                    float value = toGrey ? (0.299f * pixels[at]) + (0.587f * pixels[at + 1]) + (0.114f * pixels[at + 2]) : pixels[at + channel];
                    sum += columns.Weight[k] * value;
                }

                narrowed[(y * width) + x] = sum;
            }
        }

        for (int y = 0; y < _preprocessing.Height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                float sum = 0;
                for (int k = rows.First[y]; k < rows.First[y + 1]; k++)
                    sum += rows.Weight[k] * narrowed[((rows.Source[k] - rows.SourceStart) * width) + x];
                plane[(y * width) + x] = (sum - _preprocessing.Mean) / _preprocessing.Std;
            }
        }
    }

    /// <summary>For each target position, the source positions that it is a mean of.</summary>
    private sealed record Weights(int SourceStart, int SourceCount, int[] First, int[] Source, float[] Weight)
    {
        public static Weights Of(int start, int count, int targets)
        {
            double scale = (double)count / targets;
            double support = Math.Max(1, scale);
            int[] first = new int[targets + 1];
            var source = new List<int>();
            var weight = new List<float>();
            for (int t = 0; t < targets; t++)
            {
                double centre = ((t + 0.5) * scale) - 0.5;
                double total = 0;
                int from = source.Count;
                for (int s = (int)Math.Ceiling(centre - support); s <= centre + support; s++)
                {
                    double w = 1 - (Math.Abs(s - centre) / support);
                    if (w <= 0)
                        continue;
                    source.Add(start + Math.Clamp(s, 0, count - 1));
                    weight.Add((float)w);
                    total += w;
                }

                for (int k = from; k < weight.Count; k++)
                    weight[k] = (float)(weight[k] / total);
                first[t + 1] = source.Count;
            }

            return new(start, count, first, [.. source], [.. weight]);
        }
    }
}
