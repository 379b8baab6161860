using AutLearn.Augment.Images;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Augment.Tests.Images;

/// <summary>Each preset against numbers that its framework's own resizing gives; preprocessing_reference.py beside this file prints them.</summary>
[Trait("Category", "Conformance")]
public sealed class ImagePreprocessingPresetTests
{
    private const int Width = 50;
    private const int Height = 37;
    private const int Side = 14;

    // Pillow rounds to whole grey levels twice, this library never.
    private const float ToleranceInLevels = 1;

    private static readonly (int Row, int Column)[] Points = [(0, 0), (3, 5), (7, 7), (10, 2), (13, 13)];

    public static TheoryData<string, float[]> Reference => new()
    {
        { "torchvision", [-1.0904f, 0.1877f, -0.2010f, 0.2967f, -0.2675f, 1.0017f, 1.1700f, -0.1275f, 0.3045f, 0.5022f, 0.6254f, 0.0779f, -1.2788f, 0.0651f, 0.3742f] },
        { "timm", [-1.0904f, 0.1352f, -0.2184f, 0.2967f, -0.4076f, 1.1759f, 1.1529f, -0.1625f, 0.1825f, 0.5022f, 0.7129f, -0.1487f, -1.2788f, 0.0826f, 0.3045f] },
        { "clip", [-1.2813f, -1.0317f, -0.8688f, 0.0763f, 1.0544f, 0.3399f, 0.9376f, 0.1839f, 0.3826f, 0.2807f, -0.6415f, 0.6955f, -0.8872f, 0.2289f, 0.4395f] },
        { "vit", [-0.9137f, -0.9059f, -0.7333f, -0.0431f, 0.2392f, -0.1294f, 0.4824f, 0.0275f, 0.0118f, -0.0275f, -0.0902f, -0.0118f, -0.3255f, 0.2078f, 0.0902f] },
        { "keras-mobilenet", [-0.9303f, -0.9403f, -0.7403f, -0.0434f, 0.3476f, -0.1373f, 0.4854f, -0.5420f, 0.1517f, -0.0283f, -0.0922f, -0.0224f, -0.3090f, 0.7185f, -0.0579f] },
        { "keras-resnet", [-70.8268f, -109.1719f, -114.7871f, 6.0610f, 55.0424f, -1.7157f, 42.8977f, -58.3861f, 65.7129f, 20.7039f, -1.0290f, 0.2129f, 16.1834f, 102.3281f, -35.5729f] },
        { "keras-densenet", [-1.9656f, -1.9025f, -1.2273f, -0.0293f, 0.9724f, 0.1128f, 1.1254f, -1.0134f, 0.7548f, 0.0037f, -0.0093f, 0.3680f, -0.6091f, 1.8002f, 0.2892f] },
        { "keras-efficientnet", [8.8929f, 7.6071f, 33.1122f, 121.9643f, 171.8214f, 110.0000f, 189.3929f, 58.3929f, 146.8367f, 123.8929f, 115.7500f, 124.6429f, 88.1071f, 219.1071f, 120.1224f] },
        { "yolo", [0.4471f, 0.4471f, 0.4471f, 0.4348f, 0.5722f, 0.8296f, 0.7489f, 0.2435f, 0.3058f, 0.5294f, 0.1252f, 0.1884f, 0.4471f, 0.4471f, 0.4471f] },
        { "mnist", [-0.2460f, 1.3832f, 1.4596f, 1.0904f, 1.2559f] },
        { "centered", [-0.7020f, -0.5373f, -0.6392f, -0.0118f, 0.4118f, -0.0118f, 0.4431f, 0.1137f, 0.0667f, 0.1137f, -0.3569f, 0.1686f, -0.5765f, 0.1373f, -0.0902f] },
        { "unit", [0.1490f, 0.2314f, 0.1804f, 0.4941f, 0.7059f, 0.4941f, 0.7216f, 0.5569f, 0.5333f, 0.5569f, 0.3216f, 0.5843f, 0.2118f, 0.5686f, 0.4549f] },
        { "none", [38.0000f, 59.0000f, 46.0000f, 126.0000f, 180.0000f, 126.0000f, 184.0000f, 142.0000f, 136.0000f, 142.0000f, 82.0000f, 149.0000f, 54.0000f, 145.0000f, 116.0000f] },
    };

    [Theory]
    [MemberData(nameof(Reference))]
    public void Fill_EachPreset_AgreesWithItsFramework(string name, float[] expected)
    {
        ImagePreprocessing preprocessing = ImagePreprocessingPreset.Of(name).Create(Side, Side) with { Layout = ImageTensorLayout.Nhwc };
        var tensorizer = new ImageTensorizer(preprocessing);
        float[] values = new float[tensorizer.ValuesPerImage];
        tensorizer.Fill(Picture(), values);
        float[] actual = [.. Points.SelectMany(p => Enumerable.Range(0, preprocessing.Channels).Select(c => values[(((p.Row * Side) + p.Column) * preprocessing.Channels) + c]))];
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            float tolerance = (ToleranceInLevels / preprocessing.Std[i % preprocessing.Channels]) + 1e-3f;
            Assert.True(MathF.Abs(actual[i] - expected[i]) <= tolerance, $"{name}, number {i}: {actual[i]}, not {expected[i]}");
        }
    }

    [Fact]
    public void All_Names_HaveAReference() =>
        Assert.Equal(ImagePreprocessingPreset.All.Select(p => p.Name).Order(), Reference.Select(r => (string)r[0]).Order());

    [Fact]
    public void Of_UnknownName_ListsTheNames() =>
        Assert.Contains("torchvision", Assert.Throws<ArgumentException>(() => ImagePreprocessingPreset.Of("torch")).Message, StringComparison.Ordinal);

    [Fact]
    public void Create_Torchvision_IsThePublishedTransform()
    {
        ImagePreprocessing p = ImagePreprocessingPreset.Of("torchvision").Create(224, 224);
        Assert.Equal((ImageFit.ResizeThenCrop, 256), (p.Fit, p.ResizeSide));
        Assert.Equal(123.675f, p.Mean.First, 1e-3f);
        Assert.Equal(57.375f, p.Std.Third, 1e-3f);
    }

    [Fact]
    public void Layout_OfAPreprocessing_AugmentsToTheSameScaleAndOrder()
    {
        var grey = new ImagePipeline(new ImagePipelineOptions());
        uint[] pixels = new uint[16 * 16];
        Array.Fill(pixels, 0xFF0A6496);
        var image = new PixelImage(16, 16, pixels);
        foreach (ImageTensorLayout layout in Enum.GetValues<ImageTensorLayout>())
        {
            foreach (int side in (int[])[8, 9])
            {
                ImagePreprocessing preprocessing = ImagePreprocessingPreset.Of("keras-resnet").Create(side, side) with { Layout = layout };
                float[] augmented = new float[preprocessing.ValuesPerImage], plain = new float[preprocessing.ValuesPerImage];
                grey.Augment(image, TensorLayout.Of(preprocessing), augmented, sample: 1);
                new ImageTensorizer(preprocessing).Fill(image, plain);
                Assert.Equal(plain, augmented, (a, b) => MathF.Abs(a - b) < 1e-3f);
                Assert.Equal(10 - 103.939f, plain[0], 1e-3f);
            }
        }
    }

    private static PixelImage Picture()
    {
        byte[] colors = new byte[Width * Height * 3];
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                int at = 3 * ((y * Width) + x);
                colors[at] = (byte)((x * 5) + (y * 3));
                colors[at + 1] = (byte)((x * x) + (7 * y));
                colors[at + 2] = (byte)((x * y * 2) + 31);
            }
        }

        return PixelImage.FromRgb(Width, Height, colors);
    }
}
