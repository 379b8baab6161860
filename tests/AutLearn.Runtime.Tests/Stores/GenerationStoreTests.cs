using System.Security.Cryptography;
using AutLearn.Runtime.Stores;
using AutLearn.Testing;
using AutLearn.Testing.Faults;

namespace AutLearn.Runtime.Tests.Stores;

[Trait("Category", "Fault")]
public sealed class GenerationStoreTests : IDisposable
{
    private const string Folder = "/store";
    private const int Commits = 6;
    private const int Keep = 2;
    private readonly TemporaryFolder _folder = new();
    private readonly ProfileFolder _profile = new();

    public void Dispose()
    {
        _folder.Dispose();
        _profile.Dispose();
    }

    [Fact]
    public void Commit_ManyTimes_KeepsTheLastOnes()
    {
        using var store = new GenerationStore(_folder.Path, new() { Keep = 3 });
        for (int i = 1; i <= 5; i++)
            Assert.Equal(i, store.Commit(Content(i)));
        Assert.Equal([5L, 4L, 3L], store.ReadNewestFirst().Select(g => g.Number));
        Assert.Equal(3, Directory.GetFiles(_folder.Path).Length);
        Assert.True(store.ReadNewestFirst().First().Content.Span.SequenceEqual(Content(5)));
        store.Clear();
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Restore_DamagedNewest_FallsBackAndSaysSo()
    {
        using var model = PersonalModel.Open(LinearArtifacts.Write(_folder.File("model.autlearn")));
        string folder = _folder.File("generations", "x")[..^2];
        using var store = new GenerationStore(folder);
        (float[] input, long[] labels) = LinearArtifacts.Data(8);
        model.TrainStepOnInputs(input, labels, 0.1);
        store.Commit(model);
        byte[] expected = model.GetParameter("w").Bytes.ToArray();
        model.TrainStepOnInputs(input, labels, 0.1);
        store.Commit(model);
        string newest = Directory.GetFiles(folder).Order(StringComparer.Ordinal).Last();
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^5] ^= 1;
        File.WriteAllBytes(newest, bytes);
        GenerationRestore restored = store.Restore(model);
        Assert.Equal(1, restored.Number);
        Assert.Equal([2L], restored.Refused.ToArray());
        Assert.Equal(expected, model.GetParameter("w").Bytes.ToArray());
        foreach (string file in Directory.GetFiles(folder))
            File.WriteAllText(file, "no generation");
        restored = store.Restore(model);
        Assert.Equal(0, restored.Number);
        Assert.Equal([2L, 1L], restored.Refused.ToArray());
        Assert.Equal(LinearArtifacts.Weight, model.GetParameter("w").Span<float>().ToArray());
    }

    [Fact]
    public void Restore_GenerationOfAnotherModel_IsRefused()
    {
        using var model = PersonalModel.Open(LinearArtifacts.Write(_folder.File("model.autlearn")));
        using var store = new GenerationStore(_folder.Path);
        store.Commit(RandomNumberGenerator.GetBytes(500));
        GenerationRestore restored = store.Restore(model);
        Assert.Equal(0, restored.Number);
        Assert.Equal([1L], restored.Refused.ToArray());
    }

    // A crash at every operation of a session, each with several ways in which unflushed data survives.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Commit_CrashAtEveryOperation_LosesNothingCommitted(bool isSealed)
    {
        GenerationStoreOptions options = Options(isSealed);
        var counting = new CrashFileSystem();
        RunSession(counting, options);
        int crashes = 0;
        for (int operation = 1; operation <= counting.Operations; operation++)
        {
            for (int seed = 0; seed < 20; seed++)
            {
                var files = new CrashFileSystem { CrashAt = operation };
                int acknowledged = RunSession(files, options);
                CheckAfter(files.Restart(seed), options, acknowledged, $"crash at operation {operation}, seed {seed}");
                crashes++;
            }
        }

        Assert.True(crashes >= 500, $"only {crashes} crashes were tried");
    }

    [Theory]
    [InlineData(false, "No space left on device", false)]
    [InlineData(true, "No space left on device", true)]
    [InlineData(false, "Input/output error", true)]
    [InlineData(true, "Input/output error", false)]
    public void Commit_FailureAtEveryOperation_KeepsWhatWasCommitted(bool forever, string message, bool isSealed)
    {
        GenerationStoreOptions options = Options(isSealed);
        var counting = new CrashFileSystem();
        RunSession(counting, options);
        for (int operation = 1; operation <= counting.Operations; operation++)
        {
            foreach (bool restarts in (bool[])[false, true])
            {
                var files = new CrashFileSystem { FailAt = operation, FailsForever = forever, Failure = message };
                int acknowledged = RunSession(files, options);
                files.FailAt = 0;
                CheckAfter(restarts ? files.Restart(operation) : files, options, acknowledged, $"failure at operation {operation}, restart {restarts}");
            }
        }
    }

    [Theory]
    [InlineData(false, 48)]
    [InlineData(true, SealedContent.Overhead)]
    public void Read_EveryBitFlipped_GivesAnOlderIntactGeneration(bool isSealed, int overhead)
    {
        for (int bit = 0; bit < (Content(3).Length + overhead) * 8; bit++)
        {
            var files = new CrashFileSystem();
            using var store = new GenerationStore(Folder, Options(isSealed), files);
            for (int i = 1; i <= 3; i++)
                store.Commit(Content(i));
            files.Flip(files.ListFiles(Folder)[^1], bit);
            Generation newest = store.ReadNewestFirst().First();
            Assert.True(newest.Number == 2 && newest.Content.Span.SequenceEqual(Content(2)), $"bit {bit}");
        }
    }

    [Fact]
    public void Commit_WithAKeyOverPlainGenerations_ReadsAndSealsThemAll()
    {
        using (var plain = new GenerationStore(_folder.Path, new() { Keep = 4 }))
        {
            for (int i = 1; i <= 3; i++)
                plain.Commit(Content(i));
        }

        string[] links = [.. Directory.GetFiles(_folder.Path).Select(LinkTo)];
        using var store = new GenerationStore(_folder.Path, new() { Keep = 4, Key = _profile.Key });
        Assert.True(store.ReadNewestFirst().First().Content.Span.SequenceEqual(Content(3)));
        Assert.Equal(4, store.Commit(Content(3)));
        Assert.All(Directory.GetFiles(_folder.Path), f => Assert.True(SealedContent.IsSealed(File.ReadAllBytes(f)), f));
        Assert.All(links, l => Assert.True(File.ReadAllBytes(l).AsSpan().IndexOfAnyExcept((byte)0) < 0));
        Assert.Equal([4L, 3L, 2L, 1L], store.ReadNewestFirst().Select(g => g.Number));
        Assert.Equal(Content(1), store.ReadNewestFirst().Last().Content.ToArray());
        Assert.Equal(4, store.Commit(Content(3)));

        // A file under another number is as good as damaged.
        File.Copy(Path.Combine(_folder.Path, "000000000001.generation"), Path.Combine(_folder.Path, "000000000009.generation"));
        Assert.Equal([4L, 3L, 2L, 1L], store.ReadNewestFirst().Select(g => g.Number));
        store.Dispose();

        // Without the key they are passed over, not taken for something else.
        using var keyless = new GenerationStore(_folder.Path);
        Assert.Empty(keyless.ReadNewestFirst());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Clear_Generations_OverwritesThemAndWhatAKilledCommitLeft(bool isSealed)
    {
        using var store = new GenerationStore(_folder.Path, Options(isSealed));
        store.Commit(Content(1));
        store.Commit(Content(2));
        File.WriteAllBytes(Path.Combine(_folder.Path, "000000000003.generation.new"), Content(3));
        string[] links = [.. Directory.GetFiles(_folder.Path).Select(LinkTo)];
        store.Clear();
        Assert.Empty(Directory.GetFiles(_folder.Path));
        Assert.Equal(3, links.Length);
        Assert.All(links, l => Assert.True(File.ReadAllBytes(l).AsSpan().IndexOfAnyExcept((byte)0) < 0));
    }

    [Fact]
    public void ReadNewestFirst_AfterAKilledCommit_ErasesWhatItLeft()
    {
        string leftover = Path.Combine(_folder.Path, "000000000003.generation.new");
        File.WriteAllBytes(leftover, Content(3));
        using var store = new GenerationStore(_folder.Path);
        Assert.Empty(store.ReadNewestFirst());
        Assert.False(File.Exists(leftover));
    }

    private GenerationStoreOptions Options(bool isSealed) => new() { Keep = Keep, Key = isSealed ? _profile.Key : null };

    private string LinkTo(string path)
    {
        string link = _profile.Outside(Path.GetFileName(path));
        HardLink.Create(link, path);
        return link;
    }

    private static byte[] Content(long number)
    {
        byte[] content = new byte[150 + (int)number];
        new Random((int)number).NextBytes(content);
        return content;
    }

    // Commits until the end or the crash; returns the last number that was acknowledged.
    private static int RunSession(CrashFileSystem files, GenerationStoreOptions options)
    {
        using var store = new GenerationStore(Folder, options, files);
        int acknowledged = 0;
        for (int i = 0; i < Commits; i++)
        {
            try
            {
                acknowledged = (int)store.Commit(Content(NextNumber(store)));
            }
            catch (IOException)
            {
                // The app goes on with what it has and tries again later.
            }
            catch (SimulatedCrashException)
            {
                break;
            }
        }

        return acknowledged;
    }

    private static long NextNumber(GenerationStore store) => (store.ReadNewestFirst().FirstOrDefault()?.Number ?? 0) + 1;

    private static void CheckAfter(CrashFileSystem files, GenerationStoreOptions options, int acknowledged, string when)
    {
        using var store = new GenerationStore(Folder, options, files);
        Generation? newest = store.ReadNewestFirst().FirstOrDefault();
        Assert.True((newest?.Number ?? 0) >= acknowledged, $"{when}: generation {acknowledged} was acknowledged, {newest?.Number ?? 0} was found");
        if (newest is not null)
            Assert.True(newest.Content.Span.SequenceEqual(Content(newest.Number)), when);
        long next = store.Commit("after the restart"u8);
        Assert.True(next > (newest?.Number ?? 0), when);
        using var reopened = new GenerationStore(Folder, options, files.Restart(1));
        Generation found = reopened.ReadNewestFirst().First();
        Assert.True(found.Number == next && found.Content.Span.SequenceEqual("after the restart"u8), when);
    }
}
