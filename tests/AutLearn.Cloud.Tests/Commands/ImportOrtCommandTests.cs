using System.Collections.Immutable;
using System.Text.Json;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class ImportOrtCommandTests : IDisposable
{
    private const int Steps = 17;

    private readonly TemporaryFolder _folder = new();
    private readonly string _set;
    private readonly string _package;
    private readonly string _plain;
    private readonly OrtTrainingArtifacts _official;

    public ImportOrtCommandTests()
    {
        _set = Path.Combine(_folder.Path, "set");
        _package = _folder.File("imported.autlearn");
        _plain = _folder.File("imported.onnx");
        _official = OrtTrainingCompiler.Compile(SmallNetwork.Create(), new CompileOptions
        {
            Trainable = TrainableSelection.LastLayers(1),
            LogitsName = "logits",
            Optimizer = new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-6, WeightDecay = 0 },
            ClipNorm = 0.5,
        });
        _official.Save(_set);
    }

    private string Checkpoint => Path.Combine(_set, OrtTrainingArtifacts.CheckpointFile);

    private string Evaluation => Path.Combine(_set, OrtTrainingArtifacts.EvaluationFile);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Import_Set_WritesAPackageAndAPlainModelAndReportsEachParameter()
    {
        File.WriteAllBytes(Checkpoint, Trained().ToBytes());
        JsonElement report = (await ToolRun.Of("import-ort", _set, "-o", _package, "--json")).Json();
        Assert.Equal(
            ["classifier.bias TrainedWithMoments", "classifier.weight TrainedWithMoments", "conv.weight Frozen"],
            report.GetProperty("parameters").EnumerateArray().Select(p => $"{p.GetProperty("name").GetString()} {p.GetProperty("fate").GetString()}"));
        Assert.Equal("softmax_cross_entropy", report.GetProperty("loss").GetString());
        Assert.Equal((0.5, 0.25, (long)Steps), (report.GetProperty("clip_norm").GetDouble(), report.GetProperty("learning_rate").GetDouble(), report.GetProperty("step").GetInt64()));
        JsonElement optimizer = report.GetProperty("optimizer");
        Assert.Equal(("adamw", "Transformers", 1e-6f), (optimizer.GetProperty("kind").GetString(), optimizer.GetProperty("form").GetString(), (float)optimizer.GetProperty("epsilon").GetDouble()));
        Assert.Equal(_plain, report.GetProperty("onnx").GetString());

        using PersonalModel model = PersonalModel.Open(_package);
        Assert.True(model.GetParameter("classifier.weight").ContentEquals(Trained().Trainable["classifier.weight"]));
        Assert.True(model.GetOptimizerState("classifier.bias", "exp_avg").ContentEquals(Trained().OptimizerGroups[0].Moments["classifier.bias"]["momentum0"]));
        Assert.Equal(Steps, model.GetOptimizerState(null, "step").Span<long>()[0]);
        OnnxModel plain = OnnxFile.Read(_plain);
        Assert.True(plain.Graph.Find("classifier.weight")!.Initializer!.ContentEquals(Trained().Trainable["classifier.weight"]));
        Assert.Equal(["image"], plain.Graph.Inputs.Select(i => i.Name));
        Assert.Equal(["logits", "probabilities"], plain.Graph.Outputs.Select(o => o.Name));
        float[] image = [.. Enumerable.Range(0, 64).Select(i => i / 64f)];
        model.TrainStepOnInputs(image, [1], 0.01);
        Assert.Equal(Steps + 1, model.GetOptimizerState(null, "step").Span<long>()[0]);
    }

    [Fact]
    public async Task Import_Set_ShowsThePeopleWhatBecomesOfIt()
    {
        ToolRun run = await ToolRun.Of("import-ort", _set, "-o", Path.Combine(_folder.Path, "artifacts"), "--onnx", _plain, "--learning-rate", "0.02");
        Assert.Equal(0, run.ExitCode);
        Assert.All((string[])["classifier.weight", "trained", "frozen", "adamw", "norm 0.5", "0.02", "after 0 updates"], t => Assert.Contains(t, run.Output, StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(_folder.Path, "artifacts", ArtifactNames.Manifest)));
        Assert.False(File.Exists(Path.Combine(_folder.Path, "artifacts", ArtifactNames.OptimizerState)));
        Assert.True(File.Exists(_plain));
    }

    [Fact]
    public async Task Import_OtherNames_AreFoundByPrefixOrGiven()
    {
        foreach (string name in (string[])["checkpoint", "eval_model.onnx", "optimizer_model.onnx", "training_model.onnx"])
            File.Move(Path.Combine(_set, name), Path.Combine(_set, "v1_" + name));
        File.WriteAllBytes(Path.Combine(_set, "v1_nominal_checkpoint"), (_official.Checkpoint with { IsNominal = true }).ToBytes());
        Assert.Equal(0, (await ToolRun.Of("import-ort", _set, "-o", _package)).ExitCode);

        File.Copy(Path.Combine(_set, "v1_eval_model.onnx"), Path.Combine(_set, "v2_eval_model.onnx"));
        (await ToolRun.Of("import-ort", _set, "-o", _package)).AssertFails(1, "'v1_eval_model.onnx', 'v2_eval_model.onnx'", "--eval-model");
        string elsewhere = _folder.File("saved.ckpt");
        File.Move(Path.Combine(_set, "v1_checkpoint"), elsewhere);
        Assert.Equal(0, (await ToolRun.Of("import-ort", _set, "-o", _package, "--eval-model", "v2_eval_model.onnx", "--checkpoint", elsewhere)).ExitCode);
    }

    [Fact]
    public async Task Import_NominalCheckpoint_TakesItsModel()
    {
        File.WriteAllBytes(Checkpoint, (_official.Checkpoint with { IsNominal = true }).ToBytes());
        (await ToolRun.Of("import-ort", _set, "-o", _package)).AssertFails(1, "is nominal", "--model");
        string model = SmallNetwork.Write(_folder.File("small.onnx"));
        Assert.Equal(0, (await ToolRun.Of("import-ort", _set, "-o", _package, "--model", model)).ExitCode);
        using PersonalModel imported = PersonalModel.Open(_package);
        Assert.True(imported.GetParameter("classifier.weight").ContentEquals(_official.Checkpoint.Trainable["classifier.weight"]));
        File.Copy(model, Path.Combine(_set, "base.onnx"));
        Assert.Equal(0, (await ToolRun.Of("import-ort", _set, "-o", _package, "--model", "base.onnx")).ExitCode);
        (await ToolRun.Of("import-ort", _set, "-o", _package, "--model", "none.onnx")).AssertFails(1, "none.onnx");
        (await ToolRun.Of("import-ort", _set, "-o", _package, "--model", Evaluation)).AssertFails(1, "'classifier.bias'");
        File.WriteAllBytes(Checkpoint, _official.Checkpoint.ToBytes());
        (await ToolRun.Of("import-ort", _set, "-o", _package, "--model", model)).AssertFails(2, "--model");
    }

    [Theory]
    [InlineData("eval_model.onnx", "--eval-model")]
    [InlineData("optimizer_model.onnx", "--optimizer-model")]
    [InlineData("checkpoint", "--checkpoint")]
    public async Task Import_MissingOrWrongFile_SaysWhichAndWritesNothing(string name, string option)
    {
        string path = Path.Combine(_set, name), kept = _folder.File("kept");
        File.Move(path, kept);
        (await ToolRun.Of("import-ort", _set, "-o", _package)).AssertFails(1, $"no '{name}'", option, "'training_model.onnx'");
        (await ToolRun.Of("import-ort", _set, "-o", _package, option, "other.bin")).AssertFails(1, "other.bin: the file does not exist");
        File.WriteAllText(path, "not what it should be");
        (await ToolRun.Of("import-ort", _set, "-o", _package)).AssertFails(1, name);
        File.WriteAllBytes(path, File.ReadAllBytes(kept)[..100]);
        (await ToolRun.Of("import-ort", _set, "-o", _package)).AssertFails(1, name);
        File.Delete(path);
        Directory.CreateDirectory(path);
        (await ToolRun.Of("import-ort", _set, "-o", _package)).AssertFails(1, "folder");
        Assert.False(File.Exists(_package) || File.Exists(_plain));
    }

    [Fact]
    public async Task Import_WithoutTrainingModel_SaysWhatItTakesForGranted()
    {
        File.Delete(Path.Combine(_set, OrtTrainingArtifacts.TrainingFile));
        ToolRun run = await ToolRun.Of("import-ort", _set, "-o", _package);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("there is no training_model.onnx", string.Join(' ', run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OrtFormat_SaysWhatToGive()
    {
        byte[] ort = [0x1C, 0, 0, 0, .. "ORTM"u8, .. new byte[64]];
        File.Delete(Evaluation);
        File.WriteAllBytes(Path.ChangeExtension(Evaluation, ".ort"), ort);
        (await ToolRun.Of("import-ort", _set, "-o", _package)).AssertFails(1, "eval_model.ort", "ORT format", "'eval_model.onnx'");
        (await ToolRun.Of("import-ort", _set, "-o", _package, "--eval-model", "eval_model.ort")).AssertFails(1, "eval_model.ort", "ORT format", ".onnx file");
    }

    [Fact]
    public async Task Import_FolderThatIsNone_SaysSo()
    {
        (await ToolRun.Of("import-ort", _folder.File("nowhere"), "-o", _package)).AssertFails(1, "does not exist");
        (await ToolRun.Of("import-ort", Evaluation, "-o", _package)).AssertFails(1, "is a file");
        (await ToolRun.Of("import-ort", Directory.CreateDirectory(_folder.File("empty")).FullName, "-o", _package)).AssertFails(1, "no file at all");
        (await ToolRun.Of("import-ort", _set)).AssertFails(2, "--out");
        (await ToolRun.Of("import-ort", _set, "-o", _package, "--onnx", _package)).AssertFails(2, "both write");
    }

    [Fact]
    public async Task Import_GivenLoss_TakesThePlaceOfTheSetsOwn()
    {
        JsonElement report = (await ToolRun.Of("import-ort", _set, "-o", _package, "--json", "--label-smoothing", "0.1")).Json();
        Assert.True(report.GetProperty("is_loss_replaced").GetBoolean());
        using (PersonalModel model = PersonalModel.Open(_package))
            Assert.Equal(0.1, model.Manifest.Loss.LabelSmoothing);
        report = (await ToolRun.Of("import-ort", _set, "-o", _package, "--json", "--scores", "logits", "--loss", "mse")).Json();
        Assert.Equal("mean_squared", report.GetProperty("loss").GetString());
        (await ToolRun.Of("import-ort", _set, "-o", _package, "--scores", "nothing")).AssertFails(1, "'nothing'");
    }

    private OfficialCheckpoint Trained()
    {
        var random = new Random(9);
        ImmutableSortedDictionary<string, Tensor> trained = _official.Checkpoint.Trainable.ToImmutableSortedDictionary(p => p.Key, p => Like(p.Value), StringComparer.Ordinal);
        return _official.Checkpoint with
        {
            Trainable = trained,
            OptimizerGroups =
            [
                new("group0", Steps, 0.25f, trained.ToImmutableSortedDictionary(
                    p => p.Key,
                    p => ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal).Add("momentum0", Like(p.Value)).Add("momentum1", Like(p.Value)),
                    StringComparer.Ordinal)),
            ],
        };

        Tensor Like(Tensor tensor) => Tensor.Of<float>(tensor.Dimensions.AsSpan(), [.. Enumerable.Range(0, (int)tensor.Count).Select(_ => random.NextSingle())]);
    }
}
