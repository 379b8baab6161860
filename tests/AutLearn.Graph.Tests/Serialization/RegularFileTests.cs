using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Serialization;
using AutLearn.Testing;
using AutLearn.Testing.Faults;

namespace AutLearn.Graph.Tests.Serialization;

[Trait("Category", "Fault")]
public sealed class RegularFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Readers => ["model", "safetensors"];

    [Theory]
    [MemberData(nameof(Readers))]
    public Task Read_PipeDeviceOrFolder_IsRefused(string reader) => Refused(Path.Combine(_folder.Path, "file"), reader switch
    {
        "model" => p => OnnxFile.Read(p),
        _ => p => SafetensorsFile.Read(p),
    });

    [Fact]
    public async Task Read_CheckpointThatIsPipeOrDevice_IsRefused() =>
        Check(await NotAFile.ReadEach(Path.Combine(_folder.Path, "checkpoint"), p => OfficialCheckpoint.Read(p), NotAFile.Kinds.Where(k => k != "folder")));

    [Fact]
    public async Task Read_CheckpointFolderWithPipeOrDevice_IsRefused() =>
        Check(await NotAFile.ReadEach(Path.Combine(_folder.Path, "paramtrain_tensors.pbseq"), _ => OfficialCheckpoint.Read(_folder.Path), NotAFile.Kinds.Where(k => k != "folder")));

    [Fact]
    public async Task Open_PackageThatIsPipeOrDevice_IsRefused() =>
        Check(await NotAFile.ReadEach(Path.Combine(_folder.Path, "a.autlearn"), p => ArtifactPackage.Open(p).Dispose(), NotAFile.Kinds.Where(k => k != "folder")));

    [Fact]
    public async Task Open_ManifestThatIsPipeOrDevice_IsRefused() =>
        Check(await NotAFile.ReadEach(Path.Combine(_folder.Path, ArtifactNames.Manifest), p => ArtifactPackage.Open(_folder.Path).Dispose(), NotAFile.Kinds.Where(k => k != "folder")));

    [Fact]
    public void Read_AbsentFile_SaysSo() =>
        Assert.Throws<FileNotFoundException>(() => OnnxFile.Read(Path.Combine(_folder.Path, "no", "model.onnx")));

    [Fact]
    public void Read_EmptyFile_IsAFile()
    {
        string path = Path.Combine(_folder.Path, "empty.onnx");
        File.WriteAllBytes(path, []);
        Assert.Throws<InvalidModelException>(() => OnnxFile.Read(path));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task Refused(string path, Action<string> read) => Check(await NotAFile.ReadEach(path, read, NotAFile.Kinds));

    private static void Check(IReadOnlyList<Exception> errors) =>
        Assert.All(errors, e => Assert.Contains("is no regular file", Assert.IsType<IOException>(e).Message, StringComparison.Ordinal));
}
