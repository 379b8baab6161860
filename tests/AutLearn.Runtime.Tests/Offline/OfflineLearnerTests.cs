using AutLearn.Cache.Disk;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Tests.Stores;
using AutLearn.Testing;
using AutLearn.Testing.Faults;

namespace AutLearn.Runtime.Tests.Offline;

[Trait("Category", "Fault")]
public sealed class OfflineLearnerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private int _stores;

    public OfflineLearnerTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RunAsync_OneWindow_LearnsAndServes()
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        var history = MemoryHistory.Of(200);
        OfflineResult result = await new OfflineLearner(model, history, store, Folder(), Options()).RunAsync();
        Assert.Equal(OfflineStatus.Promoted, result.Status);
        Assert.True(result.Gate!.CandidateCorrect > result.Gate.ServingCorrect, result.ToString());
        Assert.True(result.Gate.CandidateLoss < 0.8 * result.Gate.ServingLoss, result.ToString());

        // The backbone ran once a sample; every later epoch read the store.
        Assert.Equal(200, history.Reads);
        Assert.Equal(200, result.Progress.ComputedRows);
        Assert.Equal(result.Progress.Step / 10 * 160 - 160, result.Progress.ReusedRows);
    }

    [Fact]
    public async Task RunAsync_NewestSamples_AreHeldOut()
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        var history = MemoryHistory.Of(100);

        // Hopeless labels in the hold-out: learning the old ones well must not pass the gate.
        for (int i = 80; i < 100; i++)
            history.Relabel(i, (history.List()[i].Label + 1) % 3);
        byte[] before = State(model);
        OfflineResult result = await new OfflineLearner(model, history, store, Folder(), Options(patience: 50)).RunAsync();
        Assert.Equal(20, result.Gate!.Labels);
        if (result.Status == OfflineStatus.RolledBack)
            Assert.Equal(before, State(model));
        else
            Assert.True(result.Gate.CandidateCorrect >= result.Gate.ServingCorrect, result.ToString());
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.0)]
    public async Task RunAsync_NothingGotBetter_IsNotCalledAPromotion(double holdOut)
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        using var generations = new GenerationStore(Folder());
        var history = MemoryHistory.Of(80);

        OfflineLearnerOptions options = Options();
        options.HoldOutFraction = holdOut;
        Assert.Equal(OfflineStatus.Promoted, (await new OfflineLearner(model, history, store, Folder(), options, generations: generations).RunAsync()).Status);

        // Hopeless labels in the hold-out: what was learned once is no better by being learned more. Without one, rows that cannot be read.
        using FeatureStore unread = Store(model);
        for (int i = 60; i < 80 && holdOut > 0; i++)
            history.Relabel(i, (history.List()[i].Label + 1) % 3);
        if (holdOut == 0)
            history.Broken.UnionWith(history.List().Select(s => s.Id));
        long[] committed = [.. generations.ReadNewestFirst().Select(g => g.Number)];
        byte[] before = State(model);
        OfflineResult result = await new OfflineLearner(model, history, unread, Folder(), options, generations: generations).RunAsync();
        Assert.Equal((OfflineStatus.Unchanged, 0), (result.Status, result.BestEpoch));
        Assert.Equal(before, State(model));
        Assert.Equal(committed, generations.ReadNewestFirst().Select(g => g.Number));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_ManyWindows_EndsAsOneDoesBitForBit(bool augmented)
    {
        byte[] expected = await RunWhole(augmented);
        var random = new Random(3);
        using var model = PersonalModel.Open(_path);
        string folder = Folder();
        string storeFolder = StoreFolder();
        OfflineResult result;
        int windows = 0;
        do
        {
            // Everything is closed and opened again between windows, as after a restart of the app.
            using FeatureStore store = FeatureStore.Open(storeFolder, OfflineLearner.OptionsFor(model));
            using var end = new CancellationTokenSource();
            int left = random.Next(1, 40);
            var progress = new Callback(_ =>
            {
                if (--left <= 0)
                    end.Cancel();
            });
            result = await new OfflineLearner(model, MemoryHistory.Of(120), store, folder, Options(), augmented ? new ShiftAugmenter() : null).RunAsync(end.Token, progress);
            windows++;
        }
        while (result.Status == OfflineStatus.Suspended);
        Assert.True(windows > 5, $"only {windows} windows");
        Assert.Equal(expected, State(model));
    }

    [Fact]
    public async Task RunAsync_Cancelled_SavesTheStepsBefore()
    {
        byte[] expected = await RunWhole(false);
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        using var cancel = new CancellationTokenSource();
        var learner = new OfflineLearner(model, MemoryHistory.Of(120), store, Folder(), Options());
        var progress = new Callback(p =>
        {
            if (p.Step == 25)
                cancel.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => learner.RunAsync(default, progress, cancel.Token));
        Assert.True(learner.IsSuspended);
        OfflineResult result = await learner.RunAsync();
        Assert.Equal(0, result.Progress.ComputedRows);
        Assert.Equal(expected, State(model));
    }

    [Fact]
    public async Task Forget_Sample_EqualsNeverHavingSeenIt()
    {
        var without = MemoryHistory.Of(120);
        without.Remove(130);
        byte[] expected = await RunWhole(true, without);

        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        var history = MemoryHistory.Of(120);
        using var generations = new GenerationStore(_folder.File("generations", "x")[..^2]);
        var learner = new OfflineLearner(model, history, store, Folder(), Options(), new ShiftAugmenter(), generations);
        await learner.RunAsync();
        Assert.NotEqual(expected, State(model));
        Assert.Throws<InvalidOperationException>(() => learner.Forget(130));
        history.Remove(130);
        learner.Forget(130);
        Assert.False(store.Contains(new(130, 0)));
        Assert.False(store.Contains(new(130, 1)));
        Assert.Empty(generations.ReadNewestFirst());
        Assert.Equal(LinearArtifacts.Weight, model.GetParameter("w").Span<float>().ToArray());
        OfflineResult result = await learner.RunAsync();
        Assert.Equal(OfflineStatus.Promoted, result.Status);

        // The variant of the one sample that left the hold-out; all other features stood on disk.
        Assert.Equal(1, result.Progress.ComputedRows);
        Assert.Equal(expected, State(model));
    }

    [Fact]
    public async Task RunAsync_SampleForgottenBetweenWindows_StartsAnew()
    {
        var without = MemoryHistory.Of(120);
        without.Remove(101);
        byte[] expected = await RunWhole(false, without);
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        var history = MemoryHistory.Of(120);
        var learner = new OfflineLearner(model, history, store, Folder(), Options());
        using var end = new CancellationTokenSource();
        OfflineResult result = await learner.RunAsync(end.Token, new Callback(p =>
        {
            if (p.Step == 30)
                end.Cancel();
        }));
        Assert.Equal(OfflineStatus.Suspended, result.Status);
        history.Remove(101);
        await learner.RunAsync();
        Assert.Equal(expected, State(model));
    }

    [Fact]
    public async Task RunAsync_BrokenSamples_AreLeftOut()
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        var history = MemoryHistory.Of(120);
        history.Broken.UnionWith([101, 102, 219]);
        OfflineResult result = await new OfflineLearner(model, history, store, Folder(), Options()).RunAsync();
        Assert.Equal(3, result.SkippedSamples);
        Assert.Equal(23, result.Gate!.Labels);
    }

    [Fact]
    public async Task RunAsync_FewSamples_DoesNothing()
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        OfflineResult result = await new OfflineLearner(model, MemoryHistory.Of(31), store, Folder(), Options()).RunAsync();
        Assert.Equal(OfflineStatus.NothingToLearn, result.Status);
        Assert.Equal(0, model.ParameterVersion);
    }

    [Fact]
    public async Task RunAsync_DamagedCheckpoint_StartsAnew()
    {
        byte[] expected = await RunWhole(false);
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        string folder = Folder();
        var learner = new OfflineLearner(model, MemoryHistory.Of(120), store, folder, Options());
        using var end = new CancellationTokenSource();
        await learner.RunAsync(end.Token, new Callback(p =>
        {
            if (p.Step == 30)
                end.Cancel();
        }));
        string file = Assert.Single(Directory.GetFiles(folder));
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 4;
        File.WriteAllBytes(file, bytes);
        await learner.RunAsync();
        Assert.Equal(expected, State(model));
    }

    // The power goes away at every write of a training; after the restart it ends as if nothing had happened.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_CrashAtEveryOperation_ResumesBitForBit(bool isSealed)
    {
        using var profile = new ProfileFolder();
        ProfileKey? key = isSealed ? profile.Key : null;
        byte[] expected = await RunWhole(false);
        var counting = new CrashFileSystem();
        await RunOn(counting, key);
        int crashes = 0;
        for (int operation = 1; operation <= counting.Operations; operation += isSealed ? 3 : 1)
        {
            for (int seed = 0; seed < 2; seed++)
            {
                var files = new CrashFileSystem { CrashAt = operation };
                await Assert.ThrowsAsync<SimulatedCrashException>(() => RunOn(files, key));
                (byte[] state, byte[] restored) = await RunOn(files.Restart(seed), key);
                Assert.True(expected.AsSpan().SequenceEqual(state), $"crash at operation {operation}, seed {seed}");
                Assert.Equal(expected, restored);
                crashes++;
            }
        }

        Assert.True(crashes >= (isSealed ? 14 : 40), $"only {crashes} crashes");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_DiskFailsAtEveryOperation_ResumesBitForBit(bool forever)
    {
        byte[] expected = await RunWhole(false);
        var counting = new CrashFileSystem();
        await RunOn(counting);
        for (int operation = 1; operation <= counting.Operations; operation++)
        {
            var files = new CrashFileSystem { FailAt = operation, FailsForever = forever };
            try
            {
                await RunOn(files);
            }
            catch (IOException)
            {
                // The app learns of the disk; the next window finds it mended.
            }

            files.FailAt = 0;
            (byte[] state, _) = await RunOn(files.Restart(operation));
            Assert.True(expected.AsSpan().SequenceEqual(state), $"failure at operation {operation}");
        }
    }

    private static OfflineLearnerOptions Options(int patience = 3) => new() { Epochs = 6, BatchSize = 16, LearningRate = 0.1, CheckpointSteps = 4, Patience = patience };

    // Parameters and optimizer state; the version differs where a model was reset.
    private static byte[] State(PersonalModel model) =>
        [.. model.GetParameter("w").Bytes.Span, .. model.GetParameter("b").Bytes.Span];

    private string Folder() => Path.Combine(_folder.Path, $"offline-{_stores++}");

    private string StoreFolder() => Path.Combine(_folder.Path, $"features-{_stores++}");

    private FeatureStore Store(PersonalModel model) => FeatureStore.Open(StoreFolder(), OfflineLearner.OptionsFor(model));

    private async Task<byte[]> RunWhole(bool augmented, MemoryHistory? history = null)
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        OfflineResult result = await new OfflineLearner(model, history ?? MemoryHistory.Of(120), store, Folder(), Options(), augmented ? new ShiftAugmenter() : null).RunAsync();
        Assert.Equal(OfflineStatus.Promoted, result.Status);
        return State(model);
    }

    // One life of the app: restore, learn, and what a next life would restore.
    private async Task<(byte[] Serving, byte[] Restored)> RunOn(CrashFileSystem files, ProfileKey? key = null)
    {
        using var model = PersonalModel.Open(_path);
        using FeatureStore store = Store(model);
        using var generations = new GenerationStore("/generations", new() { Key = key }, files);
        OfflineLearnerOptions options = Options();
        options.Key = key;
        if (generations.Restore(model).Number == 0)
            await new OfflineLearner(model, MemoryHistory.Of(120), store, "/offline", options, generations: generations, files: files).RunAsync();
        using var next = PersonalModel.Open(_path);
        generations.Restore(next);
        return (State(model), State(next));
    }

    private sealed class Callback(Action<OfflineProgress> action) : IProgress<OfflineProgress>
    {
        public void Report(OfflineProgress value) => action(value);
    }
}
