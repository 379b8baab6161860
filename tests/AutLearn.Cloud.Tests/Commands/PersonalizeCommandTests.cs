using System.Text.Json;
using AutLearn.Cloud.Terminal;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

[Trait("Category", "Unit")]
public sealed class PersonalizeCommandTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _package;

    public PersonalizeCommandTests() => _package = _folder.File("small.autlearn");

    public async Task InitializeAsync() =>
        Assert.Equal(0, (await ToolRun.Of("compile", SmallNetwork.Write(_folder.File("small.onnx")), "--out", _package, "--learning-rate", "0.01")).ExitCode);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Personalize_Idx_LearnsAndReports()
    {
        JsonElement report = (await ToolRun.Of("personalize", _package, PatternImages.WriteIdx(_folder), "--epochs", "20", "--json")).Json();
        Assert.Equal(63, report.GetProperty("train_images").GetInt32());
        Assert.Equal(27, report.GetProperty("hold_out_images").GetInt32());
        Assert.Equal(20 * 4, report.GetProperty("steps").GetInt64());
        Assert.Equal(20, report.GetProperty("epochs").GetArrayLength());
        Assert.Equal(new FileInfo(_package).Length, report.GetProperty("package_bytes").GetInt64());
        double before = report.GetProperty("before").GetProperty("accuracy").GetDouble();
        double after = report.GetProperty("after").GetProperty("accuracy").GetDouble();
        Assert.True(after >= 0.95 && after > before, $"{before} -> {after}");
        JsonElement[] epochs = [.. report.GetProperty("epochs").EnumerateArray()];
        Assert.True(epochs[^1].GetProperty("train_loss").GetDouble() < 0.5 * epochs[0].GetProperty("train_loss").GetDouble());
    }

    [Fact]
    public async Task Personalize_ImagesMissing_SaysSo()
    {
        (await ToolRun.Of("personalize", _package, _folder.File("none"))).AssertFails(1, "none", "the file does not exist");
        (await ToolRun.Of("evaluate", _package, _folder.File("none"))).AssertFails(1, "none", "the file does not exist");
        (await ToolRun.Of("personalize", _package, _folder.Write("unlabelled", [1]))).AssertFails(2, "--labels");
    }

    [Fact]
    public async Task Compile_PackageForAPlainModel_SaysSo() =>
        (await ToolRun.Of("compile", _package, "--out", _folder.File("again.autlearn"))).AssertFails(1, "small.autlearn", "a package");

    [Fact]
    public async Task Personalize_PlainModelForAPackage_SaysToCompileIt() =>
        (await ToolRun.Of("personalize", _folder.File("small.onnx"), PatternImages.WriteIdx(_folder))).AssertFails(1, "small.onnx", "plain ONNX model", "Compile it first");

    [Fact]
    public async Task Personalize_Folder_LearnsClassesByFolder()
    {
        JsonElement report = (await ToolRun.Of("personalize", _package, PatternImages.WriteFolder(_folder), "--match", "position", "--epochs", "20", "--json")).Json();
        Assert.Equal(90, report.GetProperty("train_images").GetInt32() + report.GetProperty("hold_out_images").GetInt32());
        Assert.True(report.GetProperty("after").GetProperty("accuracy").GetDouble() >= 0.95);
    }

    [Fact]
    public async Task Personalize_Writer_UsesOnlyTheirImages()
    {
        JsonElement report = (await ToolRun.Of("personalize", _package, PatternImages.WriteIdx(_folder), "--writer", "2", "--epochs", "1", "--hold-out", "0.5", "--json")).Json();
        Assert.Equal(15, report.GetProperty("train_images").GetInt32());
        Assert.Equal(15, report.GetProperty("hold_out_images").GetInt32());
    }

    [Fact]
    public async Task Personalize_SameSeed_GivesTheSameState()
    {
        string images = PatternImages.WriteIdx(_folder);
        string first = _folder.File("a.state");
        string second = _folder.File("b.state");
        Assert.Equal(0, (await ToolRun.Of("personalize", _package, images, "--epochs", "2", "--save-state", first)).ExitCode);
        Assert.Equal(0, (await ToolRun.Of("personalize", _package, images, "--epochs", "2", "--save-state", second)).ExitCode);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
    }

    [Fact]
    public async Task Personalize_ExportAndState_EvaluateAlike()
    {
        string images = PatternImages.WriteIdx(_folder);
        string exported = _folder.File("personal.onnx");
        string state = _folder.File("personal.state");
        Assert.Equal(0, (await ToolRun.Of("personalize", _package, images, "--epochs", "20", "--export", exported, "--save-state", state)).ExitCode);
        JsonElement fromOnnx = (await ToolRun.Of("evaluate", exported, images, "--json")).Json();
        JsonElement fromState = (await ToolRun.Of("evaluate", _package, images, "--state", state, "--json")).Json();
        JsonElement untrained = (await ToolRun.Of("evaluate", _package, images, "--json")).Json();
        Assert.Equal(90, fromOnnx.GetProperty("images").GetInt32());
        Assert.Equal(fromOnnx.GetProperty("correct").GetInt32(), fromState.GetProperty("correct").GetInt32());
        Assert.True(fromOnnx.GetProperty("accuracy").GetDouble() >= 0.95);
        Assert.True(untrained.GetProperty("accuracy").GetDouble() < fromOnnx.GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public async Task Personalize_LoadState_GoesOn()
    {
        string images = PatternImages.WriteIdx(_folder);
        string state = _folder.File("personal.state");
        Assert.Equal(0, (await ToolRun.Of("personalize", _package, images, "--epochs", "20", "--save-state", state)).ExitCode);
        JsonElement report = (await ToolRun.Of("personalize", _package, images, "--epochs", "1", "--load-state", state, "--json")).Json();
        Assert.True(report.GetProperty("before").GetProperty("accuracy").GetDouble() >= 0.95);
    }

    [Fact]
    public async Task Personalize_Text_HasTheTableAndNoMarkup()
    {
        ToolRun run = await ToolRun.Of("personalize", _package, PatternImages.WriteIdx(_folder), "--epochs", "2");
        Assert.Equal(0, run.ExitCode);
        Assert.All(new[] { "before", "after", "accuracy", "classifier.weight", "63 to learn from" }, t => Assert.Contains(t, run.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("\u001b", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Personalize_Cancelled_ExitsWith130AndSavesNothing()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        string state = _folder.File("personal.state");
        string[] args = ["personalize", _package, PatternImages.WriteIdx(_folder), "--save-state", state];
        int exitCode = await Program.RunAsync(args, new ToolConsole(output, error, isInteractive: false), cancellation.Token);
        Assert.Equal(130, exitCode);
        Assert.Empty(output.ToString());
        Assert.Contains("cancelled", error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(state));
    }

    [Theory]
    [InlineData("--epochs", "0")]
    [InlineData("--learning-rate", "-1")]
    [InlineData("--hold-out", "1")]
    [InlineData("--batch-size", "0")]
    [InlineData("--writer", "-3")]
    [InlineData("--seed", "x")]
    public async Task Personalize_WrongOption_ExitsWithTwo(params string[] options) =>
        (await ToolRun.Of(["personalize", _package, PatternImages.WriteIdx(_folder), .. options])).AssertFails(2);

    [Fact]
    public async Task Personalize_WriterOfAFolder_ExitsWithTwo() =>
        (await ToolRun.Of("personalize", _package, PatternImages.WriteFolder(_folder), "--writer", "1")).AssertFails(2, "folder");

    [Fact]
    public async Task Personalize_NoLabels_ExitsWithTwo() =>
        (await ToolRun.Of("personalize", _package, _folder.Write("x", IdxFileTestsImage()))).AssertFails(2, "--labels");

    [Fact]
    public async Task Personalize_UnknownWriter_FailsInOneLine() =>
        (await ToolRun.Of("personalize", _package, PatternImages.WriteIdx(_folder), "--writer", "99")).AssertFails(1, "writer 99");

    [Fact]
    public async Task Personalize_MissingArtifacts_FailsInOneLine() =>
        (await ToolRun.Of("personalize", _folder.File("none.autlearn"), PatternImages.WriteIdx(_folder))).AssertFails(1, "none.autlearn");

    [Fact]
    public async Task Personalize_DamagedPackage_FailsInOneLine()
    {
        byte[] bytes = File.ReadAllBytes(_package);

        // In many places: what a command does not read, such as the whole steps, it does not check.
        for (int part = 1; part < 32; part++)
            bytes[bytes.Length * part / 32] ^= 0x55;
        (await ToolRun.Of("personalize", _folder.Write("bad.autlearn", bytes), PatternImages.WriteIdx(_folder))).AssertFails(1);
    }

    [Fact]
    public async Task Personalize_ModelInsteadOfArtifacts_FailsInOneLine() =>
        (await ToolRun.Of("personalize", Path.Combine(_folder.Path, "small.onnx"), PatternImages.WriteIdx(_folder))).AssertFails(1);

    [Fact]
    public async Task Personalize_WrongIdx_FailsInOneLine() =>
        (await ToolRun.Of("personalize", _package, _folder.Write("y", [1, 2, 3, 4, 5]), "--labels", _folder.Write("l", [0, 0]))).AssertFails(1, "no IDX file");

    private static byte[] IdxFileTestsImage() => Data.IdxFileTests.Idx(8, [1, 8, 8], new byte[64]);
}
