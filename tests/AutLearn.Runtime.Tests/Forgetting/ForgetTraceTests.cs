using System.Runtime.InteropServices;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Tests.Stores;
using AutLearn.Testing;
using Microsoft.Data.Sqlite;

namespace AutLearn.Runtime.Tests.Forgetting;

/// <summary>Searches the raw bytes of a whole profile, and of every file that it ever had, for what was forgotten.</summary>
[Trait("Category", "Fault")]
public sealed class ForgetTraceTests : IDisposable
{
    private const int Kept = 40;
    private const int Forgotten = 20;
    private static readonly DateTimeOffset Day = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ProfileFolder _profile = new();
    private readonly TemporaryFolder _links = new();
    private readonly string _package;

    public ForgetTraceTests() => _package = LinearArtifacts.Write(_links.File("model.autlearn"));

    public void Dispose()
    {
        _profile.Dispose();
        _links.Dispose();
    }

    [Theory]
    [InlineData("sample", false)]
    [InlineData("source", false)]
    [InlineData("span", false)]
    [InlineData("all", false)]
    [InlineData("sample", true)]
    [InlineData("source", true)]
    [InlineData("span", true)]
    [InlineData("all", true)]
    public async Task Forget_SamplesOfAWholeProfile_LeavesNoByteOfThem(string what, bool isSealed)
    {
        byte[][] learned = await LearnAsync(isSealed);
        byte[][] stored = StoredRows();
        byte[][] features = [Features(Kept), Features(Kept + Forgotten - 1)];

        // What shall not be found afterwards can be found before: rows as SQLite holds them always, the rest where it is plain.
        Assert.All(stored, n => Assert.NotEmpty(_profile.Holding(n)));
        Assert.All([.. learned, .. features], n => Assert.Equal(isSealed, _profile.Holding(n).Length == 0));
        string[] links = [.. _profile.Files().Where(IsOfLearning).Select(LinkTo)];
        Assert.True(links.Length >= 6, string.Join('\n', links));

        long[] ids;
        using (var device = new Device(this, isSealed))
        {
            ids = [.. device.Samples.List().Where(s => s.Source == "chat").Select(s => s.Id)];
            Assert.Equal(Forgotten, ids.Length);
            await (what switch
            {
                "sample" => device.Eraser.ForgetAsync(ids),
                "source" => device.Eraser.ForgetSourceAsync("chat"),
                "span" => device.Eraser.ForgetSpanAsync(Day.AddDays(1), Day.AddDays(2)),
                _ => device.Eraser.ForgetAllAsync(),
            });
            Assert.Equal(what == "all" ? 0 : Kept, device.Samples.List().Count);
        }

        Assert.All([.. learned, .. stored, .. features], n => Assert.Empty(_profile.Holding(n)));
        Assert.All(ids, i => Assert.Empty(_profile.Holding(BitConverter.GetBytes(i))));
        Assert.All(links, l => Assert.True(File.ReadAllBytes(l).AsSpan().IndexOfAnyExcept((byte)0) < 0, l));
    }

    [Fact]
    public async Task ForgetAll_SealedProfile_MakesCopiesUnreadable()
    {
        await LearnAsync(isSealed: true);
        var copies = _profile.Files().Where(f => SealedContent.IsSealed(File.ReadAllBytes(f))).ToDictionary(f => f, File.ReadAllBytes);
        Assert.True(copies.Count >= 3);
        using (var device = new Device(this, isSealed: true))
            await device.Eraser.ForgetAllAsync();
        foreach ((string path, byte[] bytes) in copies)
            File.WriteAllBytes(path, bytes);

        // The same holds after the next start, and what is learned from then on is kept.
        using var restored = new Device(this, isSealed: true);
        Assert.Empty(restored.Generations.ReadNewestFirst());
        Assert.ThrowsAny<AutLearnException>(() => restored.Model.LoadState(_profile.File("me.state"), restored.Key));
        restored.Generations.Commit(restored.Model);
        restored.Samples.Add(new NewSample { Payload = new byte[] { 1 } });
        restored.Dispose();
        using var next = new Device(this, isSealed: true);
        Assert.Single(next.Generations.ReadNewestFirst());
        Assert.Single(next.Samples.List());
    }

    private static bool IsOfLearning(string path) =>
        path.EndsWith(".state", StringComparison.Ordinal) || path.Contains("generation", StringComparison.Ordinal) || path.Contains("checkpoint", StringComparison.Ordinal);

    private static float[] Input(int row) => LinearArtifacts.Data(Kept + Forgotten).Input[(row * LinearArtifacts.Inputs)..((row + 1) * LinearArtifacts.Inputs)];

    private byte[] Features(int row)
    {
        using var model = PersonalModel.Open(_package);
        using PredictionBatch batch = model.Predict(Input(row), 1);
        float[] features = batch.Boundary[0].Span<float>().ToArray();
        Assert.Contains(features, f => f != 0);
        return MemoryMarshal.AsBytes(features.AsSpan()).ToArray();
    }

    // Samples, features, two generations, a training that waits, and the rests of killed writes of each. Returns the parameters in them.
    private async Task<byte[][]> LearnAsync(bool isSealed)
    {
        using var device = new Device(this, isSealed);
        (float[] _, long[] labels) = LinearArtifacts.Data(Kept + Forgotten);
        device.Samples.Add([.. Enumerable.Range(0, Kept + Forgotten).Select(i => new NewSample
        {
            Payload = MemoryMarshal.AsBytes(Input(i).AsSpan()).ToArray(),
            Label = labels[i],
            Source = i < Kept ? "diary" : "chat",
            Time = Day.AddDays(i < Kept ? 0 : 1).AddMinutes(i),
            Consent = SampleConsent.Given,
        })]);
        Assert.Equal(OfflineStatus.Promoted, (await device.Offline.RunAsync()).Status);
        byte[] first = device.Model.GetParameter("w").Bytes.ToArray();
        device.Model.TrainStepOnInputs(Input(Kept), [1], 0.1);
        device.Generations.Commit(device.Model);
        byte[] second = device.Model.GetParameter("w").Bytes.ToArray();
        using (var window = new CancellationTokenSource())
            await device.Offline.RunAsync(window.Token, new Closing(window));
        Assert.True(device.Offline.IsSuspended);
        device.Model.SaveState(_profile.File("me.state"), device.Key);
        foreach (string path in _profile.Files().Where(IsOfLearning).ToArray())
            File.Copy(path, path + ".new");
        return [first, second];
    }

    // A page holds a part of a blob only: its beginning is looked for.
    private byte[][] StoredRows()
    {
        using var connection = new SqliteConnection($"Data Source={_profile.File("samples", "samples.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT facts, payload FROM sample ORDER BY id LIMIT {Forgotten} OFFSET {Kept}";
        using SqliteDataReader reader = command.ExecuteReader();
        List<byte[]> rows = [];
        while (reader.Read())
            rows.AddRange([((byte[])reader[0])[..16], ((byte[])reader[1])[..16]]);
        return [.. rows];
    }

    private string LinkTo(string path)
    {
        string link = _links.File(Guid.NewGuid().ToString("N"));
        HardLink.Create(link, path);
        return link;
    }

    private sealed class Device : IDisposable
    {
        public Device(ForgetTraceTests test, bool isSealed)
        {
            ProfileFolder profile = test._profile;
            Key = isSealed ? profile.OpenKey() : null;
            Model = PersonalModel.Open(test._package);
            Samples = SampleStore.Open(profile.File("samples"), Key ?? (IKeyProtector)new KeyFileProtector(profile.ProtectorPath));
            Features = FeatureStore.Open(profile.File("features"), OfflineLearner.OptionsFor(Model, Key));
            Generations = new(profile.File("generations"), new() { Key = Key });
            var options = new OfflineLearnerOptions { Epochs = 3, BatchSize = 8, CheckpointSteps = 1, LearningRate = 0.1, HoldOutFraction = 0, MinimumSamples = 4, Key = Key };
            Offline = new(Model, new StoredSampleHistory(Samples), Features, profile.File("training"), options, generations: Generations);
            Eraser = new(Samples, Features, Offline, profile.File("forgetting"), key: Key, states: [profile.File("me.state")]);
        }

        public ProfileKey? Key { get; }

        public PersonalModel Model { get; }

        public SampleStore Samples { get; }

        public FeatureStore Features { get; }

        public GenerationStore Generations { get; }

        public OfflineLearner Offline { get; }

        public PersonalDataEraser Eraser { get; }

        public void Dispose()
        {
            Eraser.Dispose();
            Generations.Dispose();
            Features.Dispose();
            Samples.Dispose();
            Model.Dispose();
            Key?.Dispose();
        }
    }

    private sealed class Closing(CancellationTokenSource window) : IProgress<OfflineProgress>
    {
        public void Report(OfflineProgress value) => window.Cancel();
    }
}
