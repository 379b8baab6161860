using System.Runtime.InteropServices;
using AutLearn.Augment.Images;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Augment.Tests.Images;

[Trait("Category", "Unit")]
public sealed class ImageTensorizerTests
{
    [Fact]
    public void Fill_SameSize_IsExactlyTheNormalisedPixels()
    {
        float[] values = Fill(PixelImage.FromGrey(2, 2, [ 0, 51, 102, 255 ]), new(2, 2, 1, 127.5f, 127.5f, 1));
        Assert.Equal([-1, -0.6f, -0.2f, 1], values.Select(v => MathF.Round(v, 6)));
    }

    [Fact]
    public void Fill_NegativeStd_TurnsInkDarkOnLight()
    {
        float[] values = Fill(PixelImage.FromGrey(2, 1, [ 0, 255 ]), new(1, 1, 1, 127.5f, -127.5f, 1));
        Assert.Single(values);
        float[] both = Fill(PixelImage.FromGrey(1, 1, [ 255 ]), new(1, 1, 3, 127.5f, -127.5f, 1));
        Assert.Equal([-1, -1, -1], both);
    }

    [Fact]
    public void Fill_Rgb_IsPlanesFirst()
    {
        float[] values = Fill(PixelImage.FromRgb(2, 2, [ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 ]), new(2, 2, 3, 0, 1, 1));
        Assert.Equal([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12], values);
    }

    [Fact]
    public void Fill_RgbToGrey_IsLuma() =>
        Assert.Equal((0.299f * 10) + (0.587f * 20) + (0.114f * 30), Fill(PixelImage.FromRgb(1, 1, [ 10, 20, 30 ]), new(1, 1, 1, 0, 1, 1))[0], 1e-4f);

    [Fact]
    public void Fill_HalfSize_IsATriangleMean()
    {
        // A scale of 2 gives each target the weights 1 3 3 1 of four neighbours; those beyond the edge count nothing.
        float[] values = Fill(PixelImage.FromGrey(4, 4, [ 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24 ]), new(2, 2, 1, 0, 1, 1));
        float left = ((3 * 0) + (3 * 8) + (1 * 16)) / 7f;
        float right = ((1 * 8) + (3 * 16) + (3 * 24)) / 7f;
        Assert.Equal([left, right, left, right], values, (a, b) => MathF.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public void Fill_DoubleSize_InterpolatesLinearly()
    {
        float[] values = Fill(PixelImage.FromGrey(2, 2, [ 0, 100, 0, 100 ]), new(4, 4, 1, 0, 1, 1));
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

        Assert.All(Fill(PixelImage.FromGrey(6, 4, pixels), new(3, 3, 1, 0, 1, 0.5f)), v => Assert.Equal(9, v, 1e-5f));
    }

    [Fact]
    public void Fill_Bgr_TurnsTheChannels() =>
        Assert.Equal([3 - 10, 2 - 20, 1 - 30], Fill(PixelImage.FromRgb(1, 1, [1, 2, 3]), new(1, 1, 3, new(10, 20, 30), 1, 1) { Order = ImageChannelOrder.Bgr }));

    [Fact]
    public void Fill_Nhwc_PutsChannelsSideBySide() =>
        Assert.Equal([1, 2, 3, 4, 5, 6], Fill(PixelImage.FromRgb(2, 1, [1, 2, 3, 4, 5, 6]), new(2, 1, 3, 0, 1, 1) { Layout = ImageTensorLayout.Nhwc, Fit = ImageFit.Squash }));

    [Fact]
    public void Fill_Letterbox_PadsAboveAndBelow()
    {
        float[] values = Fill(PixelImage.FromGrey(4, 2, [200, 200, 200, 200, 200, 200, 200, 200]), new(4, 4, 1, 100, 2, 1) { Fit = ImageFit.Letterbox, PadLevel = 114 });
        Assert.Equal([7, 7, 7, 7, 50, 50, 50, 50, 50, 50, 50, 50, 7, 7, 7, 7], values.Select(v => MathF.Round(v, 4)));
    }

    [Theory]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.Float32)]
    public void FillBytes_EachType_HoldsTheLevels(ElementType type)
    {
        var tensorizer = new ImageTensorizer(new(2, 1, 1, 0, 1, 1) { InputType = type, Fit = ImageFit.Squash });
        byte[] bytes = new byte[tensorizer.BytesPerImage];
        tensorizer.FillBytes(PixelImage.FromGrey(4, 1, [10, 13, 240, 251]), bytes);
        float[] values = type switch
        {
            ElementType.UInt8 => [.. bytes.Select(b => (float)b)],
            ElementType.Float16 => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(h => (float)h)],
            _ => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        };

        // The weights are 3 3 1 and 1 3 3, over 7.
        float[] exact = [((3 * 10) + (3 * 13) + 240) / 7f, (13 + (3 * 240) + (3 * 251)) / 7f];
        Assert.Equal(exact, values, (a, b) => MathF.Abs(a - b) < (type == ElementType.Float32 ? 1e-4f : type == ElementType.Float16 ? 0.07f : 0.5f));
    }

    [Fact]
    public void Fill_ExtremeShapes_StaysWithinTheLevels()
    {
        foreach ((int width, int height) in ((int, int)[])[(1, 1), (1, 5000), (5000, 1), (3, 2)])
        {
            uint[] pixels = new uint[width * height];
            Array.Fill(pixels, 0xFF6496C8);
            foreach (ImageFit fit in Enum.GetValues<ImageFit>())
            {
                foreach (ImageFilter filter in Enum.GetValues<ImageFilter>())
                {
                    float[] values = Fill(new PixelImage(width, height, pixels), new(6, 5, 3, 0, 1, 0.7f) { Fit = fit, Filter = filter, ResizeSide = fit == ImageFit.ResizeThenCrop ? 7 : 0, PadLevel = 100 });
                    Assert.All(values, v => Assert.InRange(v, 99.99f, 200.01f));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Constructor_OutOfRange_SaysWhat(ImagePreprocessing preprocessing, string part) =>
        Assert.Contains(part, Assert.Throws<AutLearnException>(() => new ImageTensorizer(preprocessing)).Message, StringComparison.Ordinal);

    public static TheoryData<ImagePreprocessing, string> Impossible => new()
    {
        { new(2, 2, 1, 0, 0, 1), "std" },
        { new(2, 2, 3, 0, new(1, 0, 1), 1), "std" },
        { new(2, 2, 3, new(1, float.NaN, 1), 1, 1), "mean" },
        { new(0, 2, 1, 0, 1, 1), "0x2" },
        { new(2, 20_000, 1, 0, 1, 1), "20000" },
        { new(2, 2, 2, 0, 1, 1), "2 channels" },
        { new(2, 2, 1, 0, 1, 0), "crop" },
        { new(8, 2, 1, 0, 1, 1) { Fit = ImageFit.ResizeThenCrop, ResizeSide = 7 }, "shorter side" },
        { new(2, 2, 1, 0, 1, 1) { PadLevel = 300 }, "pad" },
        { new(2, 2, 1, 0, 1, 1) { InputType = ElementType.Int64 }, "Int64" },
        { new(2, 2, 1, 0, 1, 1) { Fit = (ImageFit)9 }, "fit" },
        { new(16_384, 16_384, 3, 0, 1, 1), "values" },
    };

    private static float[] Fill(PixelImage image, ImagePreprocessing preprocessing)
    {
        var tensorizer = new ImageTensorizer(preprocessing);
        float[] values = new float[tensorizer.ValuesPerImage];
        tensorizer.Fill(image, values);
        return values;
    }
}
