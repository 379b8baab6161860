using System.Globalization;
using System.Text.Json;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;
using SkiaSharp;

namespace AutLearn.Cloud.Tests.Commands;

/// <summary>One photo of one colour, through models that score by what their three channels hold.</summary>
[Trait("Category", "Unit")]
public sealed class PreprocessingArgumentsTests : IDisposable
{
    private static readonly float[] Color = [200, 100, 50];
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];

    private readonly TemporaryFolder _folder = new();
    private readonly string _photos;

    public PreprocessingArgumentsTests()
    {
        _photos = Path.Combine(_folder.Path, "photos");
        using var bitmap = new SKBitmap(new SKImageInfo(40, 20, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor((byte)Color[0], (byte)Color[1], (byte)Color[2]));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(_folder.File("photos", "one.png"), data.ToArray());
    }

    public static TheoryData<ElementType, ImageTensorLayout, bool> Inputs
    {
        get
        {
            var data = new TheoryData<ElementType, ImageTensorLayout, bool>();
            foreach (ElementType type in (ElementType[])[ElementType.Float32, ElementType.Float16, ElementType.UInt8])
            {
                foreach (ImageTensorLayout layout in Enum.GetValues<ImageTensorLayout>())
                {
                    data.Add(type, layout, false);
                    data.Add(type, layout, true);
                }
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task Evaluate_EachInput_SeesTheSamePicture(ElementType type, ImageTensorLayout layout, bool isOpen)
    {
        // Bytes cannot be normalised, and the scores of bytes would leave one class alone: their model divides nothing, so colours are near.
        string model = ColorNetwork.Write(_folder.File("m.onnx"), type, layout, isOpen);
        string[] options = type == ElementType.UInt8 ? ["--preprocessing", "none"] : ["--preprocessing", "torchvision"];
        string[] size = isOpen ? ["--image-size", "32x24"] : [];
        float[] expected = type == ElementType.UInt8 ? Color : [.. Color.Select((c, i) => ((c / 255) - ImageNetMean[i]) / ImageNetStd[i])];
        await AssertProbabilities(expected, ["evaluate", model, _photos, .. options, .. size]);
        string package = _folder.File("m.autlearn");
        string images = (await ToolRun.Of(["compile", model, "--out", package, "--json", .. options, .. size])).Json().GetProperty("images").GetString()!;
        Assert.Contains($"{layout.ToString().ToUpperInvariant()} {type}", images, StringComparison.Ordinal);
        await AssertProbabilities(expected, ["evaluate", package, _photos]);
    }

    [Theory]
    [InlineData("0.5686275,-0.2156863,-0.6078432")]
    [InlineData("0.5686275,-0.2156863,-0.6078432", "--preprocessing", "keras-mobilenet")]
    [InlineData("0.7843137,0.3921569,0.1960784", "--preprocessing", "unit")]
    [InlineData("-53.939,-16.779,76.32", "--preprocessing", "keras-resnet")]
    [InlineData("0.1960784,0.3921569,0.7843137", "--preprocessing", "unit", "--channel-order", "bgr")]
    [InlineData("0.2843137,0.0921569,-0.2039216", "--mean", "0.5,0.3,0.4", "--std", "1", "--scale", "1")]
    [InlineData("1,0.5,0.25", "--mean", "0", "--std", "200")]
    [InlineData("1,-0.5,-1", "--mean", "100,150,100", "--std", "100,100,50")]
    [InlineData("0.2156863,0.6078432,0.8039216", "--preprocessing", "unit", "--invert")]
    [InlineData("1.2843137,0.3921569,0.1960784", "--preprocessing", "unit", "--mean", "-0.5,0,0")]
    public async Task Evaluate_EachScale_GivesItsNumbers(string expected, params string[] options) =>
        await AssertProbabilities(
            [.. expected.Split(',').Select(v => float.Parse(v, CultureInfo.InvariantCulture))],
            ["evaluate", ColorNetwork.Write(_folder.File("m.onnx"), ElementType.Float32, ImageTensorLayout.Nchw, false), _photos, .. options]);

    [Theory]
    [InlineData("--mean", "0,485", "--std", "1")]
    [InlineData("--mean", "0,485,0,456,0,406")]
    [InlineData("--mean", "a")]
    [InlineData("--std", "0")]
    [InlineData("--std", "1,0,1")]
    [InlineData("--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225")]
    [InlineData("--preprocessing", "pytorch")]
    [InlineData("--scale", "2")]
    [InlineData("--fit", "squash", "--resize", "32")]
    [InlineData("--fit", "squash", "--crop", "0.5")]
    [InlineData("--resize", "15")]
    [InlineData("--pad", "3")]
    [InlineData("--image-size", "17")]
    [InlineData("--image-size", "axb")]
    [InlineData("--crop", "0,875")]
    public async Task Compile_ImpossibleImages_ExitsWithTwo(params string[] options)
    {
        string model = ColorNetwork.Write(_folder.File("m.onnx"), ElementType.Float32, ImageTensorLayout.Nchw, false);
        (await ToolRun.Of(["compile", model, "--out", _folder.File("p.autlearn"), .. options])).AssertFails(2, options[^2] == "--preprocessing" ? "torchvision" : "");
    }

    [Theory]
    [InlineData("--preprocessing", "torchvision")]
    [InlineData("--std", "255")]
    public async Task Compile_BytesThatAreNone_ExitsWithTwo(params string[] options)
    {
        string model = ColorNetwork.Write(_folder.File("m.onnx"), ElementType.UInt8, ImageTensorLayout.Nhwc, false);
        (await ToolRun.Of(["compile", model, "--out", _folder.File("p.autlearn"), .. options])).AssertFails(2, options[^1] == "255" ? "--preprocessing none" : "UInt8");
    }

    [Fact]
    public async Task Compile_OpenSizeWithoutOne_SaysNothingOfImagesAndEvaluateSaysHow()
    {
        string model = ColorNetwork.Write(_folder.File("m.onnx"), ElementType.Float32, ImageTensorLayout.Nchw, true);
        string package = _folder.File("p.autlearn");
        Assert.Equal(JsonValueKind.Null, (await ToolRun.Of("compile", model, "--out", package, "--json")).Json().GetProperty("images").ValueKind);
        (await ToolRun.Of("evaluate", package, _photos)).AssertFails(1, "--image-size");
        (await ToolRun.Of("compile", model, "--out", package, "--mean", "3")).AssertFails(2, "--image-size");
    }

    [Fact]
    public async Task Compile_TorchvisionByNameAndByNumbers_IsTheSame()
    {
        // The two commands of README.md.
        string model = ColorNetwork.Write(_folder.File("m.onnx"), ElementType.Float32, ImageTensorLayout.Nchw, true), named = _folder.File("a.autlearn"), spelled = _folder.File("b.autlearn");
        Assert.Equal(0, (await ToolRun.Of("compile", model, "--preprocessing", "torchvision", "--new-head", "10", "--out", named)).ExitCode);
        Assert.Equal(0, (await ToolRun.Of(
            "compile", model, "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225", "--scale", "1", "--fit", "resize-crop", "--resize", "256", "--image-size", "224", "--new-head", "10", "--out", spelled)).ExitCode);
        using ArtifactPackage first = ArtifactPackage.Open(named), second = ArtifactPackage.Open(spelled);
        Assert.Equal(ImagePreprocessingPreset.Of("torchvision").Create(224, 224), first.Manifest.Preprocessing);
        Assert.Equal(first.Manifest.Preprocessing, second.Manifest.Preprocessing);
    }

    private static async Task AssertProbabilities(float[] logits, string[] args)
    {
        JsonElement report = (await ToolRun.Of([.. args, "--json"])).Json();
        double[] exponents = [.. logits.Select(l => Math.Exp(l - logits.Max()))];
        foreach (JsonElement ranked in report.GetProperty("predictions")[0].GetProperty("top").EnumerateArray())
            Assert.Equal(exponents[ranked.GetProperty("class").GetInt32()] / exponents.Sum(), ranked.GetProperty("probability").GetDouble(), 2e-3);
    }
}
