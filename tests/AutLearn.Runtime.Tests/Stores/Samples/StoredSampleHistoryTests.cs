using System.Runtime.InteropServices;
using AutLearn.Cache.Disk;
using AutLearn.Graph;
using AutLearn.Runtime.Hosting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores.Samples;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace AutLearn.Runtime.Tests.Stores.Samples;

[Trait("Category", "Unit")]
public sealed class StoredSampleHistoryTests : IDisposable
{
    private readonly SampleFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void List_MixedSamples_GivesTheTrainableOldestFirst()
    {
        using SampleStore store = _folder.Open();
        store.Add([
            SampleFolder.Sample(4, 16),
            SampleFolder.Sample(1, 16) with { Label = null },
            SampleFolder.Sample(2, 16) with { Consent = SampleConsent.Withheld },
            SampleFolder.Sample(3, 16),
        ]);
        var history = new StoredSampleHistory(store);
        IReadOnlyList<HistorySample> list = history.List();
        Assert.Equal(store.List().Skip(2).Select(s => new HistorySample(s.Id, s.Label!.Value, s.ContentKey)), list);
        TensorBuffer[] inputs = [new(ElementType.Float32, 1, 3), new(ElementType.Int32, 1)];
        Assert.True(history.TryRead(list[0], inputs));
        byte[] expected = SampleFolder.Payload(3, 16);
        Assert.Equal(expected[..12], inputs[0].Bytes.ToArray());
        Assert.Equal(expected[12..], inputs[1].Bytes.ToArray());
        Assert.False(history.TryRead(list[0], [inputs[0]]));
        store.SetConsent(list[0].Id, SampleConsent.Withheld);
        Assert.False(history.TryRead(list[0], inputs));
        Assert.False(history.TryRead(new(1, 0, 0), inputs));
        Assert.False(new StoredSampleHistory(store, (_, _) => false).TryRead(list[1], inputs));
    }

    [Fact]
    public void TryRead_DamagedContent_IsLeftOut()
    {
        using (SampleStore store = _folder.Open())
            store.Add(SampleFolder.Sample(1, 16));
        using (var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE sample SET payload = zeroblob(44)";
            command.ExecuteNonQuery();
        }

        using (SampleStore store = _folder.Open())
        {
            var history = new StoredSampleHistory(store);
            Assert.False(history.TryRead(history.List()[0], [new(ElementType.Float32, 4)]));
        }
    }

    [Fact]
    public async Task OfflineLearner_AfterForgetting_EqualsNeverHavingSeenBitForBit()
    {
        (byte[] forgot, OfflineResult result) = await Learn(_folder, store => Assert.Equal(30, store.ForgetSource("regretted")));
        using var other = new SampleFolder();
        (byte[] never, _) = await Learn(other, _ => { }, "regretted");
        using var all = new SampleFolder();
        (byte[] everything, _) = await Learn(all, _ => { });
        Assert.Equal(never, forgot);
        Assert.NotEqual(everything, forgot);
        Assert.NotEqual(OfflineStatus.RolledBack, result.Status);
    }

    [Fact]
    public void AddSampleStore_Container_GivesStoreAndHistory()
    {
        var services = new ServiceCollection();
        services.AddAutLearn(o => o.ModelPath = "model").AddSampleStore(_folder.Path, o => o.SampleQuota = 2);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        SampleStore store;
        using (ServiceProvider provider = services.BuildServiceProvider())
        {
            store = provider.GetRequiredService<SampleStore>();
            store.Add(SampleFolder.Sample(1));
            store.Add(SampleFolder.Sample(2));
            store.Add(SampleFolder.Sample(3));
            Assert.Equal(2, provider.GetRequiredService<ISampleHistory>().List().Count);
        }

        Assert.Throws<ObjectDisposedException>(store.List);
    }

    // From the parameters as compiled, over the stored rows less those of one source.
    private static async Task<(byte[] Weight, OfflineResult Result)> Learn(SampleFolder folder, Action<SampleStore> edit, string? without = null)
    {
        const int Rows = 120;
        (float[] input, long[] labels) = LinearArtifacts.Data(Rows, 5);
        using SampleStore samples = folder.Open();
        samples.Add([.. Enumerable.Range(0, Rows)
            .Select(i => new NewSample
            {
                Payload = MemoryMarshal.AsBytes(input.AsSpan(i * LinearArtifacts.Inputs, LinearArtifacts.Inputs)).ToArray(),
                Label = labels[i],
                Source = i % 4 == 1 ? "regretted" : "kept",
                Time = SampleFolder.Start.AddSeconds(i),
                Consent = SampleConsent.Given,
            })
            .Where(s => s.Source != without)]);
        edit(samples);
        using var model = PersonalModel.Open(LinearArtifacts.Write(folder.File("model.autlearn")));
        using FeatureStore features = FeatureStore.Open(folder.File("features", "x")[..^2], OfflineLearner.OptionsFor(model));
        OfflineResult result = await new OfflineLearner(
            model, new StoredSampleHistory(samples), features, folder.File("offline", "x")[..^2], new() { Epochs = 5, BatchSize = 8, LearningRate = 0.1 }).RunAsync();
        return (model.GetParameter("w").Bytes.ToArray(), result);
    }
}
