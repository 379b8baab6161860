using System.Text.Json;
using AutLearn.Cloud.Pretraining.Recipes;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;
using AutLearn.Testing.Faults;
using AutLearn.Testing.Gradients;
using SkiaSharp;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class PretrainCommandTests : IDisposable
{
    private const int Seed = 7;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pretrain_OnnxModel_LearnsEveryLayerAndExports(bool isFolder)
    {
        string data = isFolder ? PatternImages.WriteFolder(_folder) : PatternImages.WriteIdx(_folder);
        string model = SmallNetwork.Write(_folder.File("small.onnx")), target = _folder.File("out.onnx");
        JsonElement report = (await ToolRun.Of(
            "pretrain", data, "--model", model, "--epochs", "12", "--batch-size", "8", "--lr", "0.01", "--validation", "0.2",
            "--out", target, "--log", _folder.File("log.jsonl"), "--plot", _folder.File("curves.png"), "--json")).Json();
        Assert.Equal((72, 18), (report.GetProperty("train_rows").GetInt32(), report.GetProperty("validation_rows").GetInt32()));
        JsonElement[] epochs = [.. report.GetProperty("epochs").EnumerateArray()];
        Assert.Equal(12, epochs.Length);
        Assert.True(epochs.Max(e => e.GetProperty("validation_accuracy").GetDouble()) >= 0.9, report.ToString());
        Assert.Equal(12 * 9, report.GetProperty("steps").GetInt64());
        Assert.Equal(12 * 10, File.ReadLines(_folder.File("log.jsonl")).Count());
        using SKBitmap curves = SKBitmap.Decode(_folder.File("curves.png"));
        Assert.Equal(900, curves.Width);
        if (Directory.Exists("/usr/share/fonts") && Directory.EnumerateFiles("/usr/share/fonts", "*.ttf", SearchOption.AllDirectories).Any())
            Assert.True(Enumerable.Range(0, 900).SelectMany(x => Enumerable.Range(curves.Height - 22, 22).Select(y => curves.GetPixel(x, y))).Count(c => c.Red < 128) > 40, "the axis has no name");
        OnnxGraph before = OnnxFile.Read(model).Graph, after = OnnxFile.Read(target).Graph;
        Assert.Equal(["image"], after.Inputs.Select(i => i.Name));
        Assert.All(
            new[] { "conv.weight", "classifier.weight", "classifier.bias" },
            n => Assert.NotEqual(before.Find(n)!.Initializer!.Bytes.ToArray(), after.Find(n)!.Initializer!.Bytes.ToArray()));
    }

    [Fact]
    public async Task Pretrain_MobileNetRecipe_TrainsItsRunningStatistics()
    {
        string target = _folder.File("mobilenet.onnx");
        JsonElement report = (await ToolRun.Of(
            "pretrain", PatternImages.WriteIdx(_folder), "--recipe", "mobilenet", "--width", "0.25", "--resolution", "32", "--epochs", "6", "--batch-size", "9",
            "--lr", "0.003", "--schedule", "cosine", "--warm-up", "5", "--out", target, "--json")).Json();
        JsonElement[] epochs = [.. report.GetProperty("epochs").EnumerateArray()];
        Assert.True(epochs[^1].GetProperty("train_loss").GetDouble() < 0.5 * epochs[0].GetProperty("train_loss").GetDouble(), report.ToString());
        OnnxModel model = OnnxFile.Read(target);
        Assert.Contains(model.Graph.Find("conv_dw_7_bn.mean")!.Initializer!.Span<float>().ToArray(), v => v != 0);
        Assert.DoesNotContain(model.Graph.Nodes, n => n.Is("BatchNormalization") && n.GetInt("training_mode", 0) != 0);
        using var run = new OrtModel(model, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_ALL);
        Assert.Equal([2L, 3L], run.Run(new Dictionary<string, Tensor> { ["image"] = Tensor.Of<float>([2, 1, 32, 32], new float[2048]) })["logits"].Dimensions.ToArray());
    }

    [Theory]
    [InlineData("--tied")]
    [InlineData("--dropout=0")]
    [InlineData("--layers=1")]
    public async Task Pretrain_LanguageModelRecipe_LearnsATextByHeart(string option)
    {
        string text = _folder.Write("text.txt", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("The cat sat on the mat, didn't it?\nA dog lay by the door.\n", 60))));
        string target = _folder.File("lm.onnx");
        JsonElement report = (await ToolRun.Of(
            "pretrain", text, "--recipe", "lstm-lm", "--hidden", "32", "--epochs", "12", "--batch-size", "8", "--sequence", "8", "--lr", "0.02", "--clip-norm", "1", "--seed", $"{Seed}", option, "--out", target, "--json")).Json();
        Assert.True(report.GetProperty("epochs")[11].GetProperty("validation_accuracy").GetDouble() > 0.8, report.ToString());
        string[] words = await File.ReadAllLinesAsync(_folder.File("lm.vocabulary.txt"));
        Assert.Equal(["<unk>", "<eol>", "the"], words[..3]);
        Assert.Contains("didn't", words);
        OnnxGraph graph = OnnxFile.Read(target).Graph;
        Assert.DoesNotContain(graph.Nodes, n => n.Is("Dropout"));
        Assert.Equal(option == "--tied", graph.Find("head.weight") is null);
        if (option == "--tied")
            AssertIsTied(graph, words.Length);
    }

    [Theory]
    [InlineData("tweets.tsv", "source\tsplit\ttext\n", "news\ttrain\tthe cat sat on the mat\n")]
    [InlineData("labelled.txt", "", "animals\tthe cat sat on the mat\n")]
    [InlineData("tweets.csv", "text,label\n", "\"the cat sat on the mat\",animals\n")]
    public async Task Pretrain_TextWithOtherColumns_LearnsTheTextAlone(string name, string header, string row)
    {
        string text = _folder.Write(name, System.Text.Encoding.UTF8.GetBytes(header + string.Concat(Enumerable.Repeat(row, 40))));
        JsonElement report = (await ToolRun.Of(
            "pretrain", text, "--recipe", "lstm-lm", "--hidden", "8", "--epochs", "1", "--out", _folder.File("lm.onnx"), "--json")).Json();
        Assert.Contains("left out: ", report.GetProperty("data").GetString(), StringComparison.Ordinal);
        Assert.Equal(["<eol>", "<unk>", "cat", "mat", "on", "sat", "the"], (await File.ReadAllLinesAsync(_folder.File("lm.vocabulary.txt"))).Order(StringComparer.Ordinal));
    }

    // Every word of the text is known, so that no input reads the row of the unknown ones: only as the output layer's does it learn never to come.
    private static void AssertIsTied(OnnxGraph graph, int words)
    {
        Value[] tables = [.. graph.Initializers.Where(i => i.Shape!.Any(d => d.Is(words)) && i.Shape!.Rank == 2)];
        Value table = Assert.Single(tables);
        Assert.Contains(table.Uses, u => u.Node.Is("Gather"));
        Assert.True(table.Uses.Count > 1, "Nothing but the embedding reads the table.");
        ReadOnlySpan<float> first = new LstmLanguageModelRecipe(words, 32, 2, IsTied: true, 0.2).Build(Seed).Graph.Find(table.Name)!.Initializer!.Span<float>()[..32];
        ReadOnlySpan<float> last = table.Initializer!.Span<float>()[..32];
        Assert.InRange(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(first, last), 0.2f, 0.99f);
    }

    [Fact]
    public async Task Pretrain_SameCommandAgain_GoesOnFromTheCheckpoint()
    {
        string[] Command(params string[] more) =>
        [
            "pretrain", PatternImages.WriteIdx(_folder), "--model", SmallNetwork.Write(_folder.File("small.onnx")), "--epochs", "3", "--checkpoint", _folder.File("run"), "--out", _folder.File("out.onnx"), "--json", .. more,
        ];
        Assert.Equal(0, (await ToolRun.Of(Command())).Json().GetProperty("resumed_at_step").GetInt64());
        byte[] first = File.ReadAllBytes(_folder.File("out.onnx"));
        Assert.Equal(6, (await ToolRun.Of(Command())).Json().GetProperty("resumed_at_step").GetInt64());
        Assert.Equal(first, File.ReadAllBytes(_folder.File("out.onnx")));
        (await ToolRun.Of(Command("--lr", "0.5"))).AssertFails(1, "'schedule'", "another checkpoint folder");
        (await ToolRun.Of(Command("--seed", "2"))).AssertFails(1, "'seed'");
        (await ToolRun.Of(Command("--optimizer", "sgd"))).AssertFails(1, "'model'");
    }

    [Fact]
    public async Task Pretrain_WrongUsage_SaysWhatIsWrong()
    {
        string images = PatternImages.WriteIdx(_folder), text = _folder.Write("text.txt", "a b c d"u8.ToArray()), target = _folder.File("out.onnx");
        (await ToolRun.Of("pretrain", images, "--out", target)).AssertFails(2, "--model or --recipe");
        (await ToolRun.Of("pretrain", images, "--recipe", "lstm-lm", "--out", target)).AssertFails(2, "learns from text");
        (await ToolRun.Of("pretrain", text, "--recipe", "mobilenet", "--out", target)).AssertFails(2, "learns from images");
        (await ToolRun.Of("pretrain", images, "--recipe", "mobilenet", "--tied", "--out", target)).AssertFails(2, "--tied");
        (await ToolRun.Of("pretrain", images, "--recipe", "mobilenet", "--warm-up", "3", "--out", target)).AssertFails(2, "--schedule cosine");
        (await ToolRun.Of("pretrain", text, "--recipe", "lstm-lm", "--out", target)).AssertFails(1, "too few");
        (await ToolRun.Of("pretrain", _folder.File("none.txt"), "--recipe", "lstm-lm", "--out", target)).AssertFails(1, "does not exist");
        (await ToolRun.Of("pretrain", _folder.File("none"), "--recipe", "mobilenet", "--out", target)).AssertFails(1, "does not exist");
        (await ToolRun.Of("pretrain", images, "--recipe", "mobilenet", "--plot", _folder.File("curves.jpg"), "--out", target)).AssertFails(2, "--plot", "curves.png");
        (await ToolRun.Of("pretrain", images, "--recipe", "mobilenet", "--resolution", "32", "--width", "0.25", "--provider", "cuda", "--out", target)).AssertFails(1, "execution provider 'cuda'");
        Assert.False(File.Exists(target));
    }

    [Fact]
    public async Task Pretrain_WhatCannotBeTrained_LeavesNothingBehind()
    {
        string images = PatternImages.WriteIdx(_folder), run = _folder.File("run"), model = SmallNetwork.Write(_folder.File("small.onnx"));
        Task<ToolRun> Pretrain(params string[] more) => ToolRun.Of(["pretrain", images, "--out", _folder.File("out.onnx"), "--checkpoint", run, "--epochs", "1", "--batch-size", "45", "--validation", "0", .. more]);
        (await Pretrain("--model", model, "--schedule", "cosine", "--warm-up", "2")).AssertFails(2, "--warm-up 2 leaves none of the 2 steps");
        (await Pretrain("--model", model, "--schedule", "cosine", "--final-learning-rate", "1")).AssertFails(2, "--final-learning-rate");
        (await Pretrain("--recipe", "mobilenet", "--warm-up", "1")).AssertFails(2, "--schedule cosine");
        Assert.False(Directory.Exists(run));
        Assert.False(File.Exists(_folder.File("out.onnx")));
    }

    [Fact]
    public async Task Compile_Accumulate_StandsInTheManifest()
    {
        string target = _folder.File("out.autlearn");
        Assert.Equal(0, (await ToolRun.Of("compile", SmallNetwork.Write(_folder.File("small.onnx")), "--out", target, "--accumulate", "4")).ExitCode);
        using var package = AutLearn.Graph.Artifacts.ArtifactPackage.Open(target);
        Assert.Equal(4, package.Manifest.Optimizer.AccumulationSteps);
    }

    [Fact]
    [Trait("Category", "Fault")]
    public void Pretrain_KilledAtRandomPoints_ResumesToTheSameBits()
    {
        const int Seed = 31;
        var kills = new PretrainKills(Path.Combine(AppContext.BaseDirectory, "AutLearn.Cloud.dll"), _folder.Path);
        var random = new Random(Seed);
        int withCheckpoint = 0;
        for (int i = 0; i < 3; i++)
            withCheckpoint += kills.KillAndResume($"run{i}", random).CheckpointBytes > 0 ? 1 : 0;
        Assert.True(withCheckpoint >= 2, $"seed {Seed}: {withCheckpoint} kills struck after a checkpoint");
    }
}
