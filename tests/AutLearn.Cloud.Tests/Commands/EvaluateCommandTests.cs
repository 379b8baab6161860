using System.Text.Json;
using AutLearn.Cloud.Data;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public EvaluateCommandTests() => _model = SmallNetwork.Write(_folder.File("small.onnx"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Category", "Unit")]
    public async Task Evaluate_UnlabelledFolder_RanksClasses()
    {
        string images = Path.Combine(PatternImages.WriteFolder(_folder), "top");
        JsonElement report = (await ToolRun.Of("evaluate", _model, images, "--json")).Json();
        Assert.Equal(30, report.GetProperty("images").GetInt32());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("accuracy").ValueKind);
        foreach (JsonElement prediction in report.GetProperty("predictions").EnumerateArray())
        {
            double[] probabilities = [.. prediction.GetProperty("top").EnumerateArray().Select(t => t.GetProperty("probability").GetDouble())];
            Assert.Equal(1, probabilities.Sum(), 1e-9);
            Assert.Equal(probabilities.OrderDescending(), probabilities);
        }
    }

    [Fact]
    [Trait("Category", "Unit")]
    public async Task Evaluate_BadImage_FailsAndNamesIt()
    {
        string images = Path.Combine(PatternImages.WriteFolder(_folder), "top");
        File.WriteAllText(Path.Combine(images, "broken.jpg"), "no image");
        (await ToolRun.Of("evaluate", _model, images, "--json")).AssertFails(1, "broken.jpg");
    }

    [Fact]
    [Trait("Category", "Unit")]
    public async Task Evaluate_SkipBad_CountsAndWarns()
    {
        string images = Path.Combine(PatternImages.WriteFolder(_folder), "top");
        File.WriteAllText(Path.Combine(images, "broken.jpg"), "no image");
        ToolRun run = await ToolRun.Of("evaluate", _model, images, "--skip-bad", "--json");
        Assert.Equal(30, run.Json().GetProperty("images").GetInt32());
        Assert.EndsWith("broken.jpg", Assert.Single(run.Json().GetProperty("left_out").GetProperty("skipped").EnumerateArray()).GetProperty("image").GetString(), StringComparison.Ordinal);
        Assert.Contains("1 of 31", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Unit")]
    public async Task Evaluate_StateOfAPlainModel_ExitsWithTwo() =>
        (await ToolRun.Of("evaluate", _model, PatternImages.WriteIdx(_folder), "--state", "x")).AssertFails(2, "--state");

    [Fact]
    [Trait("Category", "Unit")]
    public async Task Evaluate_MissingFolder_FailsInOneLine() =>
        (await ToolRun.Of("evaluate", _model, _folder.File("none"))).AssertFails(1, "none");

    [SkippableTheory]
    [Trait("Category", "Conformance")]
    [InlineData("onnx")]
    [InlineData("artifacts")]
    public async Task Evaluate_MobileNetOnPhotos_ReproducesTheExpectedClasses(string kind)
    {
        string? data = DataFolder.Find();
        Skip.If(data is null, $"No data folder: set {DataFolder.Variable}.");
        string model = Path.Combine(data!, "mobilenet", "mobilenet_v1_0.75_224.onnx");
        string classes = Path.Combine(data!, "mobilenet", "imagenet_classes.tsv");
        string photos = Path.Combine(data!, "gallery", "photos");
        string package = _folder.File("mobilenet.autlearn");
        string[] args = ["evaluate", model, photos, "--crop", "0.875", "--classes", classes, "--json"];
        if (kind == "artifacts")
        {
            Assert.Equal(0, (await ToolRun.Of("compile", model, "--out", package, "--crop", "0.875", "--classes", classes)).ExitCode);
            args = ["evaluate", package, photos, "--json"];
        }

        JsonElement report = (await ToolRun.Of(args)).Json();
        Dictionary<string, JsonElement> predictions = report.GetProperty("predictions").EnumerateArray().ToDictionary(p => Path.GetFileName(p.GetProperty("image").GetString()!));
        string[][] expected = [.. File.ReadLines(Path.Combine(data!, "mobilenet", "gallery_top5_onnxruntime.tsv")).Skip(1).Select(l => l.Split('\t'))];
        Assert.Equal(expected.Length, predictions.Count);
        foreach (string[] row in expected)
        {
            JsonElement[] top = [.. predictions[row[0]].GetProperty("top").EnumerateArray()];
            Assert.True(row[1] == top[0].GetProperty("name").GetString(), $"{row[0]}: {row[1]}, not {top[0].GetProperty("name").GetString()}");
            for (int i = 0; i < 5; i++)
            {
                // The table's resize is another bilinear filter; near-ties move by up to this much.
                JsonElement[] same = [.. top.Where(t => t.GetProperty("name").GetString() == row[1 + (2 * i)])];
                double wanted = double.Parse(row[2 + (2 * i)], System.Globalization.CultureInfo.InvariantCulture);
                if (same.Length == 1)
                    Assert.True(Math.Abs(same[0].GetProperty("probability").GetDouble() - wanted) < 0.125, $"{row[0]}, {row[1 + (2 * i)]}");
                else
                    Assert.True(wanted < 0.06, $"{row[0]}: {row[1 + (2 * i)]} ({wanted}) is missing");
            }
        }
    }
}
