using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;

namespace AutLearn.Cloud.Tests.Commands;

/// <summary>Where results go is tried before the work, and what was made is kept where its place fails in the end.</summary>
[Trait("Category", "Fault")]
public sealed class OutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _file;

    public OutputTests() => _file = _folder.Write("file", [1]);

    public void Dispose() => _folder.Dispose();

    /// <summary>Each long command, its option, and whether it names a folder. The inputs do not exist, so that whatever is read first would fail otherwise.</summary>
    public static TheoryData<string, string, bool> Outputs => new()
    {
        { "pretrain none.txt --recipe lstm-lm", "--out", false },
        { "pretrain none.txt --recipe lstm-lm --out GOOD.onnx", "--checkpoint", true },
        { "pretrain none.txt --recipe lstm-lm --out GOOD.onnx", "--log", false },
        { "pretrain none.txt --recipe lstm-lm --out GOOD.onnx", "--plot", false },
        { "compile none.onnx", "--out", true },
        { "compile none.onnx", "--out .autlearn", false },
        { "augment text none.txt", "--out", false },
        { "augment images none", "--out", false },
        { "augment synonyms none", "--out", false },
    };

    [Theory]
    [MemberData(nameof(Outputs))]
    public async Task Command_OutputCannotBeWritten_FailsBeforeItReadsAnything(string command, string option, bool isFolder)
    {
        string extension = option.Contains(' ', StringComparison.Ordinal) ? ".autlearn" : "";
        option = option.Split(' ')[0];
        string[] line = command.Replace("GOOD", Path.Combine(_folder.Path, "good"), StringComparison.Ordinal).Split(' ');
        string wrongKind = isFolder ? _file : Directory.CreateDirectory(Path.Combine(_folder.Path, "folder" + extension)).FullName;
        string[] places = [Path.Combine(_file, "below" + extension), wrongKind, .. OperatingSystem.IsLinux() ? new[] { "/proc/autlearn" + extension } : []];
        foreach (string place in places)
        {
            ToolRun run = await ToolRun.Of([.. line, option, place]);
            run.AssertFails(1, place, option);
            Assert.DoesNotContain("none", run.Error, StringComparison.Ordinal);
        }

        // A good place is left as it was: the next complaint is of the input.
        string good = Path.Combine(_folder.Path, "new", "result" + extension);
        (await ToolRun.Of([.. line, option, good])).AssertFails(1, "none");
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "new")));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, ".autlearn-*"));
    }

    [Theory]
    [InlineData("--export")]
    [InlineData("--save-state")]
    public async Task Personalize_OutputCannotBeWritten_FailsBeforeItTrains(string option)
    {
        string place = Path.Combine(_file, "below");
        (await ToolRun.Of("personalize", "none.autlearn", "none", option, place)).AssertFails(1, place, option);
    }

    [Fact]
    public async Task Pretrain_TwoOutputsInOnePlace_IsAWrongCommandLine()
    {
        string path = Path.Combine(_folder.Path, "same");
        (await ToolRun.Of("pretrain", "none.txt", "--recipe", "lstm-lm", "--out", path, "--plot", path)).AssertFails(2, "--out", "--plot", path);
        (await ToolRun.Of("pretrain", "none.txt", "--recipe", "lstm-lm", "--out", path + ".onnx", "--log", path + ".vocabulary.txt")).AssertFails(2, "vocabulary", "--log");
    }

    [Fact]
    public async Task Pretrain_OutSpoiltWhileItTrains_KeepsTheModelWithTheCheckpoint()
    {
        string images = PatternImages.WriteIdx(_folder), model = SmallNetwork.Write(_folder.File("small.onnx"));
        string target = _folder.File("later", "out.onnx"), checkpoint = _folder.File("run", "x")[..^2];
        string[] line = ["pretrain", images, "--model", model, "--epochs", "100", "--batch-size", "8", "--checkpoint", checkpoint];

        // The log's first line tells that training has begun; then a folder takes the model's place.
        string log = _folder.File("log.jsonl");
        Task<ToolRun> running = ToolRun.Of([.. line, "--log", log, "--out", target]);
        while (!running.IsCompleted && !File.Exists(log))
            await Task.Delay(1);
        Directory.CreateDirectory(target);
        ToolRun run = await running.WaitAsync(TimeSpan.FromMinutes(2));
        string kept = Path.Combine(checkpoint, "out.onnx");
        run.AssertFails(1, target, $"What was made is in '{kept}'", "Given again with another --out");
        Assert.Equal(["image"], OnnxFile.Read(kept).Graph.Inputs.Select(i => i.Name));

        // The same command with another --out writes the same model without training again.
        string other = _folder.File("other.onnx");
        Assert.Equal(0, (await ToolRun.Of([.. line, "--out", other])).ExitCode);
        Assert.Equal(File.ReadAllBytes(kept), File.ReadAllBytes(other));
    }

    [Fact]
    public void Write_PlaceIsGone_KeepsTheContentElsewhere()
    {
        string path = Path.Combine(_file, "result.bin");
        var error = Assert.Throws<DataFileException>(() => OutputFile.Write(path, new byte[] { 1, 2, 3 }));
        string kept = error.Message.Split('\'')[^2];
        Assert.Equal("result.bin", Path.GetFileName(kept));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(kept));
        Directory.Delete(Path.GetDirectoryName(kept)!, recursive: true);
        Assert.Contains("Nor can it be kept elsewhere", Assert.Throws<DataFileException>(() => OutputFile.Write(path, new byte[] { 1 }, refuge: _file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_FolderIsMissing_IsCreated()
    {
        string path = Path.Combine(_folder.Path, "a", "b", "result.bin");
        OutputFile.Write(path, new byte[] { 7 });
        Assert.Equal([7], File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }
}
