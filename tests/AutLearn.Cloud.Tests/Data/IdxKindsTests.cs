using System.Text.Json;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Tests.Commands;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Data;

/// <summary>IDX files beside MNIST's own: letters from 1, dotted names, colours, exchanged axes.</summary>
[Trait("Category", "Unit")]
public sealed class IdxKindsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("letters-images-idx3-ubyte", "letters-labels-idx1-ubyte")]
    [InlineData("train-images.idx3-ubyte", "train-labels.idx1-ubyte")]
    [InlineData("train-images.idx3-ubyte.gz", "train-labels.idx1-ubyte")]
    [InlineData("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz")]
    [InlineData("rgb-images-idx4-ubyte", "rgb-labels-idx1-ubyte")]
    public void Labels_EachName_AreFound(string images, string labels)
    {
        string expected = _folder.Write(labels, [1]);
        Assert.Equal(expected, IdxNames.Labels(Path.Combine(_folder.Path, images)));
        Assert.Null(IdxNames.Labels(Path.Combine(_folder.Path, "other.bin")));
    }

    [Fact]
    public void Open_LabelsFromOne_AreRefusedOrCountedAsSaid()
    {
        string images = _folder.Write("i", IdxFileTests.Idx(8, [3, 1, 1], [1, 2, 3])), labels = _folder.Write("l", IdxFileTests.Idx(8, [3], [1, 2, 3]));
        Assert.Contains("--first-label 1", Assert.Throws<DataFileException>(() => IdxImages.Open(images, labels, null, new() { ClassCount = 3 })).Message, StringComparison.Ordinal);
        Assert.Equal([0, 1, 2], IdxImages.Open(images, labels, null, new() { ClassCount = 3, FirstLabel = 1 }).Labels.ToArray());
        Assert.Equal([1, 2, 3], IdxImages.Open(images, labels, null, new() { ClassCount = 4 }).Labels.ToArray());
        Assert.Contains("row 0 has label 1", Assert.Throws<DataFileException>(() => IdxImages.Open(images, labels, null, new() { FirstLabel = 2 })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 1, 2, 3, 3)]
    [InlineData(2, 3, 1, 2, 3)]
    public void Open_FourDimensions_AreColours(int count, int first, int second, int third, int channels)
    {
        byte[] bytes = [.. Enumerable.Range(0, count * first * second * third).Select(i => (byte)i)];
        ImageSet set = IdxImages.Open(_folder.Write("i", IdxFileTests.Idx(8, [count, first, second, third], bytes)), null, null, new());
        Assert.Equal(channels, third == 3 && first == 1 ? third : first);
        Assert.Equal((2, 1), (set.Load(1).Width, set.Load(1).Height));
        Assert.Equal(first == 3 ? 0xFF0A0806u : 0xFF080706u, set.Load(1).Pixels[0]);
        Assert.False(set.IsGrey);
    }

    [Fact]
    public void Open_Transposed_ExchangesAxes()
    {
        string images = _folder.Write("i", IdxFileTests.Idx(8, [1, 2, 3], [1, 2, 3, 4, 5, 6]));
        var image = IdxImages.Open(images, null, null, new() { IsTransposed = true }).Load(0);
        Assert.Equal((2, 3), (image.Width, image.Height));
        Assert.Equal([1u, 4, 2, 5, 3, 6], image.Pixels.ToArray().Select(p => p & 255));
    }

    [Theory]
    [InlineData(0, 2, 2)]
    [InlineData(2, 5, 5, 5)]
    [InlineData(2, 5)]
    public void Open_NoImages_IsRefused(params int[] sizes)
    {
        string images = _folder.Write("i", IdxFileTests.Idx(8, sizes, new byte[sizes.Aggregate(1, (a, b) => a * b)]));
        Assert.Throws<DataFileException>(() => IdxImages.Open(images, null, null, new()));
    }

    [Fact]
    public async Task Pretrain_Letters_AskFromWhereTheyCount()
    {
        string model = ColorNetwork.Write(_folder.File("m.onnx"), ElementType.Float32, ImageTensorLayout.Nchw, false);
        byte[] pixels = [.. Enumerable.Range(0, 24).SelectMany(i => Enumerable.Range(0, 4).SelectMany(_ => Enumerable.Range(0, 3).Select(c => (byte)(c == i % 3 ? 200 : 20))))];
        string images = _folder.Write("letters-images.idx4-ubyte", IdxFileTests.Idx(8, [24, 2, 2, 3], pixels));
        _folder.Write("letters-labels.idx1-ubyte", IdxFileTests.Idx(8, [24], [.. Enumerable.Range(0, 24).Select(i => (byte)((i % 3) + 1))]));
        string names = _folder.File("names.txt"), trained = _folder.File("t.onnx");
        File.WriteAllLines(names, ["A", "B", "C"]);
        string[] args = ["pretrain", images, "--model", model, "--out", trained, "--epochs", "1", "--batch-size", "4", "--preprocessing", "unit"];
        (await ToolRun.Of(args)).AssertFails(2, "--first-label 1", "--first-label 0");
        Assert.Equal(0, (await ToolRun.Of([.. args, "--first-label", "1", "--classes", names])).ExitCode);
        JsonElement report = (await ToolRun.Of("evaluate", trained, images, "--first-label", "1", "--json")).Json();
        Assert.Equal(1, report.GetProperty("accuracy").GetDouble());
        Assert.Equal(["A", "B", "C"], report.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
        (await ToolRun.Of("evaluate", trained, images)).AssertFails(1, "--first-label 1");
    }
}
