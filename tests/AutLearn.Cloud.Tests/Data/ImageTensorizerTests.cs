using AutLearn.Cloud.Data;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Tests.Data;

[Trait("Category", "Unit")]
public sealed class ImageTensorizerTests
{
    [Fact]
    public void Fill_SameSize_IsExactlyTheNormalisedPixels()
    {
        float[] values = Fill(new PixelImage(2, 2, 1, new byte[] { 0, 51, 102, 255 }), new(2, 2, 1, 127.5f, 127.5f, 1));
        Assert.Equal([-1, -0.6f, -0.2f, 1], values.Select(v => MathF.Round(v, 6)));
    }

    [Fact]
    public void Fill_NegativeStd_TurnsInkDarkOnLight()
    {
        float[] values = Fill(new PixelImage(2, 1, 1, new byte[] { 0, 255 }), new(1, 1, 1, 127.5f, -127.5f, 1));
        Assert.Single(values);
        float[] both = Fill(new PixelImage(1, 1, 1, new byte[] { 255 }), new(1, 1, 3, 127.5f, -127.5f, 1));
        Assert.Equal([-1, -1, -1], both);
    }

    [Fact]
    public void Fill_Rgb_IsPlanesFirst()
    {
        float[] values = Fill(new PixelImage(2, 2, 3, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }), new(2, 2, 3, 0, 1, 1));
        Assert.Equal([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12], values);
    }

    [Fact]
    public void Fill_RgbToGrey_IsLuma() =>
        Assert.Equal((0.299f * 10) + (0.587f * 20) + (0.114f * 30), Fill(new PixelImage(1, 1, 3, new byte[] { 10, 20, 30 }), new(1, 1, 1, 0, 1, 1))[0], 1e-4f);

    [Fact]
    public void Fill_HalfSize_IsATriangleMean()
    {
        // A scale of 2 gives each target the weights 1 3 3 1 (over 8) of four neighbours, edges repeated.
        float[] values = Fill(new PixelImage(4, 4, 1, new byte[] { 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24 }), new(2, 2, 1, 0, 1, 1));
        float left = ((1 * 0) + (3 * 0) + (3 * 8) + (1 * 16)) / 8f;
        float right = ((1 * 8) + (3 * 16) + (3 * 24) + (1 * 24)) / 8f;
        Assert.Equal([left, right, left, right], values);
    }

    [Fact]
    public void Fill_DoubleSize_InterpolatesLinearly()
    {
        float[] values = Fill(new PixelImage(2, 2, 1, new byte[] { 0, 100, 0, 100 }), new(4, 4, 1, 0, 1, 1));
        Assert.Equal([0, 25, 75, 100], values[..4]);
    }

    [Fact]
    public void Fill_Crop_TakesTheCentredSquare()
    {
        byte[] pixels = new byte[6 * 4];
        for (int y = 1; y < 3; y++)
        {
            pixels[(y * 6) + 2] = 9;
            pixels[(y * 6) + 3] = 9;
        }

        Assert.All(Fill(new PixelImage(6, 4, 1, pixels), new(3, 3, 1, 0, 1, 0.5f)), v => Assert.Equal(9, v, 1e-5f));
    }

    [Fact]
    public void Constructor_ZeroStd_Refuses() =>
        Assert.Throws<AutLearnException>(() => new ImageTensorizer(new(2, 2, 1, 0, 0, 1)));

    private static float[] Fill(PixelImage image, ImagePreprocessing preprocessing)
    {
        var tensorizer = new ImageTensorizer(preprocessing);
        float[] values = new float[tensorizer.ValuesPerImage];
        tensorizer.Fill(image, values);
        return values;
    }
}
