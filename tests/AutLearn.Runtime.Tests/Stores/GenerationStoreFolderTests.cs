using System.Diagnostics;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Stores;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Stores;

/// <summary>What else may stand in a store's folder, and who else may use it.</summary>
[Trait("Category", "Fault")]
public sealed class GenerationStoreFolderTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly string _folder;

    public GenerationStoreFolderTests() => _folder = _temporary.File("generations", "x")[..^2];

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void EveryUse_WhileAnotherStoreHasTheFolder_IsRefused()
    {
        using var model = PersonalModel.Open(LinearArtifacts.Write(_temporary.File("model.autlearn")));
        using var second = new GenerationStore(_folder);
        using (var first = new GenerationStore(_folder))
        {
            Assert.Equal(1, first.Commit("first"u8));
            Assert.Throws<FolderInUseException>(() => second.Commit("second"u8));
            Assert.Throws<FolderInUseException>(() => second.Restore(model));
            Assert.Throws<FolderInUseException>(() => second.ReadNewestFirst().ToList());
            Assert.Throws<FolderInUseException>(second.Clear);
        }

        Assert.Equal(2, second.Commit("second"u8));
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => second.Commit("third"u8));
    }

    [Theory]
    [InlineData("9223372036854775807.generation")]
    [InlineData("9223372036854775806.generation")]
    [InlineData("1000000000000.generation")]
    [InlineData("1.generation")]
    [InlineData("-00000000001.generation")]
    [InlineData("notes.generation")]
    [InlineData("notes.txt")]
    public void Commit_StrangersName_IsPassedOverAndReported(string name)
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllBytes(Path.Combine(_folder, name), [1]);
        CommitAndRestore(firstNumber: 1, refused: [], ignored: [name]);
    }

    [Theory]
    [InlineData(999_999_999_999)]
    [InlineData(999_999_999_998)]
    [InlineData(1)]
    [InlineData(2)]
    public void Commit_DamagedFileWithANumber_NeitherStopsCountingNorTakesAPlace(long number)
    {
        foreach (byte[] content in (byte[][])[[], [1], new byte[100]])
        {
            Directory.CreateDirectory(_folder);
            File.WriteAllBytes(Path.Combine(_folder, $"{number:D12}.generation"), content);
            CommitAndRestore(firstNumber: number == 1 ? 2 : 1, refused: number > 100 ? [number] : [], ignored: []);
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public void Commit_FoldersPipesAndLinksWithNumbers_ArePassedOver()
    {
        string PathOf(int number) => Path.Combine(_folder, $"{number:D12}.generation");
        Directory.CreateDirectory(PathOf(1));
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(PathOf(2), "/nowhere/at/all");
            File.CreateSymbolicLink(PathOf(3), "/dev/zero");
            File.CreateSymbolicLink(PathOf(4), _temporary.Path);
            File.CreateSymbolicLink(PathOf(5), PathOf(5));
            using Process pipe = Process.Start("mkfifo", [PathOf(6)]);
            pipe.WaitForExit();
        }

        CommitAndRestore(firstNumber: OperatingSystem.IsWindows() ? 2 : 7, refused: [], ignored: []);
        Assert.True(Directory.Exists(PathOf(1)));
    }

    // Permissions do not bind the account that runs tests, so the file system plays them.
    [Theory]
    [InlineData(2)]
    [InlineData(999_999_999_999)]
    public void Commit_FileThatMayNotBeRead_IsPassedOverAndComesBackInOrder(long number)
    {
        var files = new DenyingFileSystem();
        string denied = Path.Combine(_folder, $"{number:D12}.generation");
        files.Denied.Add(denied);
        Directory.CreateDirectory(_folder);
        File.WriteAllBytes(denied, new byte[100]);
        using (var store = new GenerationStore(_folder, new() { Keep = 2 }, files))
        {
            // Above what may be a generation once it can be read, unless that leaves no numbers.
            long first = number == 2 ? 3 : 1;
            for (int i = 0; i < 5; i++)
                Assert.Equal(first + i, store.Commit([(byte)i]));
            List<long> passedOver = [];
            Assert.Equal([first + 4, first + 3], store.ReadNewestFirst(passedOver.Add).Select(g => g.Number));
            Assert.Equal(number > 100 ? [number] : [], passedOver);
        }

        files.Denied.Clear();
        using var reopened = new GenerationStore(_folder, new() { Keep = 2 }, files);
        Assert.Equal([(byte)4], reopened.ReadNewestFirst().First().Content.ToArray());
    }

    [Fact]
    public void Restore_NewestMayNotBeRead_ServesTheOneBefore()
    {
        var files = new DenyingFileSystem();
        using var model = PersonalModel.Open(LinearArtifacts.Write(_temporary.File("model.autlearn")));
        using var store = new GenerationStore(_folder, files: files);
        (float[] input, long[] labels) = LinearArtifacts.Data(8);
        store.Commit(model);
        model.TrainStepOnInputs(input, labels, 0.1);
        store.Commit(model);
        files.Denied.Add(Path.Combine(_folder, "000000000002.generation"));
        GenerationRestore restored = store.Restore(model);
        Assert.Equal(1, restored.Number);
        Assert.Equal([2L], restored.Refused.ToArray());
        Assert.Equal(3, store.Commit("next"u8));
    }

    private void CommitAndRestore(long firstNumber, long[] refused, string[] ignored)
    {
        using var model = PersonalModel.Open(LinearArtifacts.Write(_temporary.File("model.autlearn")));
        (float[] input, long[] labels) = LinearArtifacts.Data(8);
        long last = 0;
        using (var store = new GenerationStore(_folder, new() { Keep = 1 }))
        {
            for (int i = 0; i < 4; i++)
            {
                model.TrainStepOnInputs(input, labels, 0.1);
                last = store.Commit(model);
                if (i == 0)
                    Assert.Equal(firstNumber, last);
                Assert.Equal(last, store.ReadNewestFirst().First().Number);
            }

            Assert.Single(store.ReadNewestFirst());
        }

        byte[] expected = model.GetParameter("w").Bytes.ToArray();
        model.Reset();
        using var reopened = new GenerationStore(_folder);
        GenerationRestore restored = reopened.Restore(model);
        Assert.Equal(last, restored.Number);
        Assert.Equal(refused, restored.Refused.ToArray());
        Assert.Equal(ignored, restored.Ignored.ToArray());
        Assert.Equal(expected, model.GetParameter("w").Bytes.ToArray());
    }
}
