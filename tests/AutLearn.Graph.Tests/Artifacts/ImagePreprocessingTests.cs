using AutLearn.Graph.Artifacts;
using AutLearn.Testing;

namespace AutLearn.Graph.Tests.Artifacts;

[Trait("Category", "Unit")]
public sealed class ImagePreprocessingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static readonly ImagePreprocessing Plain = new(224, 192, 3, 127.5f, 64, 0.875f);

    [Fact]
    public void Json_Plain_IsWhatEarlierVersionsWrote()
    {
        string json = Written(Plain);
        string expected = """
              "preprocessing": {
                "width": 224,
                "height": 192,
                "channels": 3,
                "mean": 127.5,
                "std": 64,
                "crop_fraction": 0.875
              }
            """;
        Assert.Contains(expected.ReplaceLineEndings("\n"), json, StringComparison.Ordinal);
        Assert.Equal(Plain, Read(json));
        Assert.Equal("224x192x3 127.5 64 0.875", Plain.Key);
    }

    [Fact]
    public void Json_EveryMember_ComesBack()
    {
        ImagePreprocessing full = Plain with
        {
            Mean = new(1.5f, 2, 3),
            Std = new(4, 5, 6.25f),
            Fit = ImageFit.ResizeThenCrop,
            ResizeSide = 256,
            Filter = ImageFilter.Bicubic,
            Order = ImageChannelOrder.Bgr,
            Layout = ImageTensorLayout.Nhwc,
            PadLevel = 114,
            InputType = ElementType.UInt8,
        };
        Assert.Equal(full, Read(Written(full)));
    }

    [Theory]
    [InlineData("\"mean\": 127.5", "\"mean\": [1, 2]")]
    [InlineData("\"mean\": 127.5", "\"mean\": [1, 2, 3, 4]")]
    [InlineData("\"mean\": 127.5", "\"mean\": [1, [2], 3]")]
    [InlineData("\"mean\": 127.5", "\"mean\": \"1\"")]
    [InlineData("\"mean\": 127.5", "\"mean\": null")]
    [InlineData("\"mean\": 127.5", "\"mean\": [1e99, 2, 3]")]
    [InlineData("\"std\": 64", "\"std\": [1, 0, 1]")]
    [InlineData("\"crop_fraction\"", "\"fit\": \"Stretch\", \"crop_fraction\"")]
    [InlineData("\"crop_fraction\"", "\"fit\": \"ResizeThenCrop\", \"crop_fraction\"")]
    [InlineData("\"crop_fraction\"", "\"input_type\": \"String\", \"crop_fraction\"")]
    [InlineData("\"crop_fraction\"", "\"pad_level\": -1, \"crop_fraction\"")]
    [InlineData("\"width\": 224", "\"width\": 16385")]
    public void Manifest_ImpossiblePreprocessing_IsRefused(string sound, string bad)
    {
        string json = Written(Plain);
        Assert.Contains(sound, json, StringComparison.Ordinal);
        Assert.Throws<InvalidArtifactException>(() => Read(json.Replace(sound, bad, StringComparison.Ordinal)));
    }

    [Fact]
    public void Key_EachMember_MakesAnother()
    {
        ImagePreprocessing[] others =
        [
            Plain, Plain with { Mean = new(1, 2, 3) }, Plain with { Fit = ImageFit.Squash }, Plain with { Fit = ImageFit.ResizeThenCrop, ResizeSide = 256 }, Plain with { Fit = ImageFit.ResizeThenCrop, ResizeSide = 232 },
            Plain with { Filter = ImageFilter.Bicubic }, Plain with { Order = ImageChannelOrder.Bgr }, Plain with { Layout = ImageTensorLayout.Nhwc }, Plain with { Fit = ImageFit.Letterbox, PadLevel = 1 }, Plain with { Fit = ImageFit.Letterbox },
            Plain with { InputType = ElementType.Float16 },
        ];
        Assert.Equal(others.Length, others.Select(p => p.Key).Distinct().Count());
        Assert.Equal(Plain.Key, (Plain with { InputType = ElementType.Float32 }).Key);
    }

    public void Dispose() => _folder.Dispose();

    private string Written(ImagePreprocessing preprocessing)
    {
        SampleArtifacts.Writer(SampleArtifacts.Manifest with { Preprocessing = preprocessing }).WriteFolder(_folder.Path);
        return File.ReadAllText(Path.Combine(_folder.Path, ArtifactNames.Manifest));
    }

    private ImagePreprocessing? Read(string json)
    {
        File.WriteAllText(Path.Combine(_folder.Path, ArtifactNames.Manifest), json);
        using ArtifactPackage package = ArtifactPackage.Open(_folder.Path);
        return package.Manifest.Preprocessing;
    }
}
