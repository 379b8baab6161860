using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace AutLearn.Runtime.Tests.Stores.Samples;

[Trait("Category", "Fault")]
public sealed class SampleStoreFaultTests(ITestOutputHelper output) : IDisposable
{
    // The room that is kept for removals is longer, and holds nothing.
    private const int LargestSmallFile = 256;

    private const int Samples = 12;
    private readonly SampleFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_AnyBitFlippedInAnyFile_NeverGivesWrongData()
    {
        List<StoredSample> expected = Fill();
        Dictionary<string, byte[]> files = _folder.Snapshot();
        var random = new Random(20);
        int refused = 0;
        int contents = 0;
        int harmless = 0;
        foreach ((string file, byte[] bytes) in files)
        {
            // Every bit of the small files and of the database's header; elsewhere at random.
            IEnumerable<int> bits = file == _folder.Database
                ? Enumerable.Range(0, 100 * 8).Concat(Enumerable.Range(0, 700).Select(_ => random.Next(bytes.Length * 8)))
                : Enumerable.Range(0, Math.Min(bytes.Length, LargestSmallFile) * 8);
            foreach (int bit in bits)
            {
                byte[] flipped = [.. bytes];
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                File.WriteAllBytes(file, flipped);
                switch (Probe(expected, $"bit {bit} of {Path.GetFileName(file)}"))
                {
                    case null:
                        refused++;
                        break;
                    case 0:
                        harmless++;
                        break;
                    default:
                        contents++;
                        break;
                }

                File.WriteAllBytes(file, bytes);
            }
        }

        output.WriteLine($"{refused + contents + harmless} flips: {refused} refused at opening, {contents} at reading a content, {harmless} changed nothing");
        Assert.True(refused > 1000 && contents > 100, $"{refused} {contents}");
        Assert.Equal(0, Probe(expected, "restored"));
    }

    [Fact]
    public void Open_TruncatedOrTornDatabase_NeverGivesWrongData()
    {
        List<StoredSample> expected = Fill();
        Dictionary<string, byte[]> files = _folder.Snapshot();
        byte[] bytes = files[_folder.Database];
        const int Sector = 512;
        int cases = 0;
        for (int at = 0; at < bytes.Length; at += Sector)
        {
            File.WriteAllBytes(_folder.Database, bytes[..at]);
            Probe(expected, $"cut at {at}");
            _folder.Restore(files);
            byte[] torn = [.. bytes];
            torn.AsSpan(at, Math.Min(Sector, torn.Length - at)).Clear();
            File.WriteAllBytes(_folder.Database, torn);
            Probe(expected, $"zeros at {at}");
            _folder.Restore(files);
            cases += 2;
        }

        output.WriteLine($"{cases} cut or torn databases");
        Assert.Equal(0, Probe(expected, "restored"));
    }

    [Fact]
    public void Open_RandomBytesInEachFile_IsRefused()
    {
        Fill();
        Dictionary<string, byte[]> files = _folder.Snapshot();
        for (int seed = 0; seed < 30; seed++)
        {
            foreach (string file in new[] { _folder.Database, _folder.WrappedKey, _folder.KeyFile })
            {
                File.WriteAllBytes(file, SampleFolder.Payload(seed, 1 + (seed * 300)));
                Assert.Throws<SampleStoreException>(() => _folder.Open());
                _folder.Restore(files);
            }
        }
    }

    [Fact]
    public void Open_AfterACrashAmidATransaction_GivesWhatWasCommitted()
    {
        const int Sector = 512;
        const int Mixtures = 12;
        List<StoredSample> expected = Fill();
        byte[] before = File.ReadAllBytes(_folder.Database);
        List<Dictionary<string, byte[]>> crashes = [];
        using (var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            // With next to no cache the transaction reaches the file before it commits, as a large one would.
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN";
            command.ExecuteNonQuery();
            foreach (StoredSample sample in expected)
            {
                command.CommandText = $"UPDATE sample SET payload = zeroblob(9000) WHERE id = {sample.Id}; DELETE FROM sample WHERE id = {sample.Id} AND id % 2 = 0";
                command.ExecuteNonQuery();
                crashes.Add(_folder.Snapshot());
            }

            command.CommandText = "ROLLBACK";
            command.ExecuteNonQuery();
        }

        int hot = 0;
        foreach (Dictionary<string, byte[]> crash in crashes.Where(c => !c[_folder.Database].AsSpan().SequenceEqual(before)))
        {
            byte[] amid = crash[_folder.Database];
            for (int seed = 0; seed < Mixtures; seed++)
            {
                // Of what was written since, any sectors may have reached the disk, in any order; the journal was flushed before.
                var random = new Random(seed);
                byte[] torn = [.. amid];
                for (int at = 0; seed > 0 && at < before.Length; at += Sector)
                {
                    if (random.Next(2) == 0)
                        before.AsSpan(at, Math.Min(Sector, before.Length - at)).CopyTo(torn.AsSpan(at));
                }

                _folder.Restore(new(crash) { [_folder.Database] = torn });
                Assert.Equal(0, Probe(expected, $"hot journal, seed {seed}"));
                hot++;
            }
        }

        output.WriteLine($"{hot} torn databases with a hot journal");
        Assert.True(hot >= 5 * Mixtures, $"{hot}");
    }

    [Fact]
    public void ForgetAll_CrashAtEachFileOperation_EndsWithEverythingGone()
    {
        int points = 0;
        for (int at = 1; ; at++)
        {
            using var folder = new SampleFolder();
            var files = new FailingFileSystem();
            bool crashed = false;
            using (SampleStore store = SampleStore.Open(folder.Path, folder.Protector, files, null, folder.Clock, null))
            {
                store.Add(SampleFolder.Sample(1));
                files.FailAt = files.Operations + at;
                try
                {
                    store.ForgetAll();
                }
                catch (IOException)
                {
                    crashed = true;
                    Assert.Throws<InvalidOperationException>(store.List);
                }
            }

            using (SampleStore store = folder.Open())
            {
                // Before the mark is on the disk all may still be there; afterwards nothing is.
                Assert.True(store.List().Count == 0 || at <= 4, $"operation {at}");
                store.ForgetAll();
                Assert.Empty(store.List());
                store.Add(SampleFolder.Sample(2));
            }

            using (SampleStore store = folder.Open())
                Assert.Single(store.List());
            if (!crashed)
                break;
            points++;
        }

        output.WriteLine($"{points} crash points while forgetting");
        Assert.True(points >= 10, $"{points}");
    }

    [Fact]
    public void Open_CrashAtEachFileOperationOfTheFirstOpening_ThenWorks()
    {
        int points = 0;
        for (int at = 1; ; at++)
        {
            using var folder = new SampleFolder();
            var files = new FailingFileSystem { FailAt = at };
            try
            {
                SampleStore.Open(folder.Path, folder.Protector, files, null, folder.Clock, null).Dispose();
                break;
            }
            catch (IOException)
            {
                points++;
            }

            using (SampleStore store = folder.Open())
                store.Add(SampleFolder.Sample(1));
            using (SampleStore store = folder.Open())
                Assert.Single(store.List());
        }

        Assert.True(points >= 8, $"{points}");
    }

    private List<StoredSample> Fill()
    {
        using SampleStore store = _folder.Open();
        store.Add([.. Enumerable.Range(0, Samples).Select(i => SampleFolder.Sample(i, 400 * i))]);
        store.Forget(store.List()[3].Id);
        store.SetLabel(store.List()[5].Id, 77);
        return [.. store.List()];
    }

    /// <summary>Null if the store refuses to open; else how many contents it refuses. Anything wrong that it shows fails the test.</summary>
    private int? Probe(List<StoredSample> expected, string what)
    {
        try
        {
            using SampleStore store = _folder.Open();
            Assert.True(expected.SequenceEqual(store.List()), what);
            int refused = 0;
            foreach (StoredSample sample in expected)
            {
                try
                {
                    int i = (int)(sample.Time - SampleFolder.Start).TotalMinutes;
                    Assert.True(SampleFolder.Payload(i, 400 * i).AsSpan().SequenceEqual(store.Read(sample.Id)), what);
                }
                catch (SampleStoreException)
                {
                    refused++;
                }
            }

            return refused;
        }
        catch (SampleStoreException error)
        {
            Assert.NotEqual(SampleStoreFailure.InUse, error.Reason);
            return null;
        }
    }

    /// <summary>The device's file system, whose n-th change fails and all after it, as if the power went.</summary>
    private sealed class FailingFileSystem : IFileSystem
    {
        private readonly DeviceFileSystem _files = DeviceFileSystem.Instance;

        public int Operations { get; private set; }

        public int FailAt { get; set; } = int.MaxValue;

        public void CreateFolder(string folder) => Count(() => _files.CreateFolder(folder));

        public IReadOnlyList<string> ListFiles(string folder) => _files.ListFiles(folder);

        public bool Exists(string path) => _files.Exists(path);

        public IDisposable Lock(string folder) => _files.Lock(folder);

        public byte[] Read(string path) => _files.Read(path);

        public void Write(string path, ReadOnlySpan<byte> content)
        {
            byte[] bytes = content.ToArray();
            Count(() => _files.Write(path, bytes));
        }

        public void Overwrite(string path, ReadOnlySpan<byte> content)
        {
            byte[] bytes = content.ToArray();
            Count(() => _files.Overwrite(path, bytes));
        }

        public void Flush(string path) => Count(() => _files.Flush(path));

        public void Rename(string path, string target) => Count(() => _files.Rename(path, target));

        public void FlushFolder(string folder) => Count(() => _files.FlushFolder(folder));

        public void Delete(string path) => Count(() => _files.Delete(path));

        public void Erase(string path) => Count(() => _files.Erase(path));

        public void Protect(string path) => Count(() => _files.Protect(path));

        private void Count(Action action)
        {
            if (++Operations >= FailAt)
                throw new IOException("The power is gone.");
            action();
        }
    }
}
