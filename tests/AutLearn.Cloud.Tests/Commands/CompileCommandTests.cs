using System.Text.Json;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class CompileCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public CompileCommandTests() => _model = SmallNetwork.Write(_folder.File("small.onnx"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compile_Folder_WritesEveryArtifactAndReportsIt()
    {
        string to = Path.Combine(_folder.Path, "out");
        JsonElement report = (await ToolRun.Of("compile", _model, "--out", to, "--json")).Json();
        Assert.Equal(["classifier.weight", "classifier.bias"], report.GetProperty("trained").GetProperty("parameters").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(195, report.GetProperty("trained").GetProperty("weights").GetInt64());
        Assert.Equal(780, report.GetProperty("trained").GetProperty("bytes").GetInt64());
        Assert.Equal(36, report.GetProperty("frozen_weights").GetInt64());
        Assert.Equal(256, report.GetProperty("boundary_bytes_per_sample").GetInt64());
        Assert.All(
            new[] { ArtifactNames.Manifest, ArtifactNames.Inference, ArtifactNames.TrainStep, ArtifactNames.Evaluation, ArtifactNames.Parameters },
            f => Assert.True(File.Exists(Path.Combine(to, f)), f));
        Assert.Equal(Directory.GetFiles(to).Sum(f => new FileInfo(f).Length), report.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task Compile_Twice_GivesTheSamePackage()
    {
        string first = _folder.File("a.autlearn");
        string second = _folder.File("b.autlearn");
        Assert.Equal(0, (await ToolRun.Of("compile", _model, "--out", first, "--all", "--optimizer", "adamw")).ExitCode);
        Assert.Equal(0, (await ToolRun.Of("compile", _model, "--out", second, "--all", "--optimizer", "adamw")).ExitCode);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
    }

    [Fact]
    public async Task Compile_SeveralTasks_SaysWhatEachReads()
    {
        JsonElement report = (await ToolRun.Of("compile", _model, "--task", "probabilities=cross-entropy*0.5", "--out", _folder.File("tasks"), "--json")).Json();
        Assert.Equal("multi_task (0.5 softmax_cross_entropy of 'probabilities')", report.GetProperty("loss").GetString());
        Assert.Equal("[N,3]", report.GetProperty("scores").GetProperty("shape").GetString());
    }

    [Theory]
    [InlineData("OUTPUT=LOSS", "--task", "probabilities")]
    [InlineData("OUTPUT=LOSS", "--task", "probabilities=hinge")]
    [InlineData("OUTPUT=LOSS", "--task", "probabilities=mse*0,5")]
    [InlineData("above 0", "--task", "probabilities=mse*0")]
    [InlineData("twice", "--task", "probabilities=mse", "--task", "probabilities=l1")]
    [InlineData("in place of|takes the place", "--task", "probabilities=mse", "--loss", "l1")]
    [InlineData("--logits is for one loss", "--task", "probabilities=mse", "--logits", "logits")]
    [InlineData("--new-head replaces one classifier", "--task", "probabilities=mse", "--new-head", "4")]
    public async Task Compile_TaskThatIsNone_SaysHowToWriteIt(string message, params string[] options) =>
        (await ToolRun.Of(["compile", _model, "--out", _folder.File("none"), .. options])).AssertFails(2, message.Split('|')[^1]);

    [Theory]
    [InlineData("--all")]
    [InlineData("--last", "2")]
    [InlineData("--trainable", "conv.*", "--trainable", "classifier.*")]
    public async Task Compile_Selection_TrainsAllThree(params string[] options)
    {
        JsonElement report = (await ToolRun.Of(["compile", _model, "--out", _folder.File("s"), "--json", .. options])).Json();
        Assert.Equal(3, report.GetProperty("trained").GetProperty("parameters").GetArrayLength());
    }

    [Theory]
    [InlineData("classifier.weight.lora_A,classifier.weight.lora_B,conv.weight.lora_A,conv.weight.lora_B", "--adapter", "lora", "--rank", "2")]
    [InlineData("classifier.weight.lora_A,classifier.weight.lora_B", "--adapter", "lora", "--on", "classifier.*", "--adapter-alpha", "4")]
    [InlineData("classifier.bias,classifier.weight,conv.weight.lora_A,conv.weight.lora_B", "--adapter", "lora", "--on", "conv.*", "--last", "1")]
    [InlineData("classifier.bias", "--only", "biases")]
    public async Task Compile_FewNumbersALayer_TrainsThoseAlone(string expected, params string[] options)
    {
        JsonElement report = (await ToolRun.Of(["compile", _model, "--out", _folder.File("few"), "--json", .. options])).Json();
        Assert.Equal(expected.Split(','), report.GetProperty("trained").GetProperty("parameters").EnumerateArray().Select(p => p.GetString()!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Compile_Scores_AreNamedInTheReport()
    {
        ToolRun run = await ToolRun.Of("compile", _model, "--out", _folder.File("scores"), "--json");
        Assert.Equal("logits", run.Json().GetProperty("scores").GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("sgd", "--momentum", "0.9", "--nesterov")]
    [InlineData("adam", "--beta1", "0.8", "--beta2", "0.99")]
    [InlineData("adamw", "--weight-decay", "0.1")]
    [InlineData("adagrad")]
    [InlineData("rmsprop", "--alpha", "0.95", "--momentum", "0.5")]
    public async Task Compile_Optimizer_IsInTheManifest(string optimizer, params string[] options)
    {
        JsonElement report = (await ToolRun.Of(["compile", _model, "--out", _folder.File("o"), "--json", "--optimizer", optimizer, "--clip-norm", "1", .. options])).Json();
        Assert.Equal(optimizer, report.GetProperty("optimizer").GetString());
    }

    [Fact]
    public async Task Compile_NewHead_HasTheNewClasses()
    {
        string classes = _folder.File("classes.txt");
        File.WriteAllLines(classes, ["one", "two", "three", "four", "five"]);
        JsonElement report = (await ToolRun.Of("compile", _model, "--out", _folder.File("h"), "--new-head", "5", "--classes", classes, "--label-smoothing", "0.1", "--json")).Json();
        Assert.Equal((64 * 5) + 5, report.GetProperty("trained").GetProperty("weights").GetInt64());
    }

    [Fact]
    public async Task Compile_OrtTraining_AddsTheOfficialSet()
    {
        string to = Path.Combine(_folder.Path, "both");
        JsonElement report = (await ToolRun.Of("compile", _model, "--out", to, "--target", "ort-training", "--optimizer", "adamw", "--json")).Json();
        string folder = Path.Combine(to, ArtifactNames.OrtTrainingFolder);
        Assert.Equal(folder, report.GetProperty("ort_training").GetString());
        Assert.Equal(["checkpoint", "eval_model.onnx", "optimizer_model.onnx", "training_model.onnx"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(File.Exists(Path.Combine(to, ArtifactNames.Manifest)));
    }

    [Fact]
    public async Task Compile_OrtTrainingWithoutCounterpart_FailsAndWritesNothing()
    {
        string to = Path.Combine(_folder.Path, "none");
        (await ToolRun.Of("compile", _model, "--out", to, "--target", "ort-training", "--optimizer", "rmsprop")).AssertFails(1);
        Assert.False(Directory.Exists(to));
    }

    [Fact]
    public async Task Compile_OrtTrainingIntoAPackage_ExitsWithTwo() =>
        (await ToolRun.Of("compile", _model, "--out", "x.autlearn", "--target", "ort-training")).AssertFails(2, "ort-training");

    [Theory]
    [InlineData("--all", "--last", "1")]
    [InlineData("--trainable", "x", "--all")]
    [InlineData("--nesterov")]
    [InlineData("--optimizer", "adam", "--momentum", "0.9")]
    [InlineData("--optimizer", "newton")]
    [InlineData("--loss", "mse", "--label-smoothing", "0.1")]
    [InlineData("--loss", "cross-entropy", "--huber-delta", "1")]
    [InlineData("--label-smoothing", "1.5")]
    [InlineData("--learning-rate", "0")]
    [InlineData("--learning-rate", "fast")]
    [InlineData("--last", "0")]
    [InlineData("--batch-size", "0")]
    [InlineData("--clip-norm", "-1")]
    [InlineData("--crop", "2")]
    [InlineData("--new-head", "1")]
    [InlineData("--rank", "4")]
    [InlineData("--on", "conv.*")]
    [InlineData("--adapter", "lora", "--rank", "0")]
    [InlineData("--only", "biases", "--all")]
    [InlineData("--fix", "x")]
    [InlineData("--fix", "x=one")]
    [InlineData("--fix", "x=1", "--fix", "x=2")]
    public async Task Compile_WrongOption_ExitsWithTwo(params string[] options)
    {
        (await ToolRun.Of(["compile", _model, "--out", _folder.File("w"), .. options])).AssertFails(2);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "w")));
    }

    [Fact]
    public async Task Compile_WithoutOut_ExitsWithTwo() => (await ToolRun.Of("compile", _model)).AssertFails(2, "--out");

    [Fact]
    public async Task Compile_FixedInputThatIsNone_FailsInOneLine() =>
        (await ToolRun.Of("compile", _model, "--out", _folder.File("f"), "--fix", "rate=16000")).AssertFails(1, "no input 'rate'");

    [Fact]
    public async Task Compile_PatternFitsNothing_FailsInOneLine() =>
        (await ToolRun.Of("compile", _model, "--out", _folder.File("p"), "--trainable", "encoder.*")).AssertFails(1, "encoder.*");

    [Fact]
    public async Task Compile_MissingModel_FailsInOneLine() =>
        (await ToolRun.Of("compile", "none.onnx", "--out", _folder.File("m"))).AssertFails(1, "none.onnx");

    [Fact]
    public async Task Compile_MissingClasses_FailsInOneLine() =>
        (await ToolRun.Of("compile", _model, "--out", _folder.File("m"), "--classes", "none.txt")).AssertFails(1, "none.txt");
}
