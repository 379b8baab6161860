using System.Security.Cryptography;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Tests.Offline;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Forgetting;

/// <summary>On a disk that has not a block left.</summary>
[Trait("Category", "Fault")]
public sealed class FullDiskTests
{
    [SkippableTheory]
    [InlineData("sample")]
    [InlineData("source")]
    [InlineData("consent")]
    [InlineData("all")]
    public void SampleStore_FullDisk_ForgetsAllTheSame(string what)
    {
        using SmallDisk disk = Mount(8 << 20);
        using (SampleStore store = Open(disk))
        {
            // From one row in a page to a quarter of a megabyte.
            for (int i = 0; i < 30; i++)
                store.Add(new NewSample { Payload = RandomNumberGenerator.GetBytes(i % 3 == 0 ? 250_000 : 100), Source = i % 2 == 0 ? "even" : "odd", Consent = SampleConsent.Given });
            disk.Fill();
            Assert.ThrowsAny<IOException>(() => store.Add(new NewSample { Payload = new byte[300_000] }));
            Assert.Equal(30, store.List().Count);
            Forget(store, what);
        }

        disk.Fill();
        using SampleStore again = Open(disk);
        Assert.Equal(what switch { "sample" => 20, "source" => 15, "consent" => 30, _ => 0 }, again.List().Count);
        Assert.Equal(what == "consent" ? 15 : 0, again.List().Count(s => s.Consent == SampleConsent.Withheld));
        Assert.True(again.Verify().IsIntact);
    }

    [SkippableFact]
    public void SampleStore_DiskFilledByItsOwnSamples_RefusesMoreAndForgetsEach()
    {
        using SmallDisk disk = Mount(2 << 20);
        using SampleStore store = Open(disk);
        Assert.ThrowsAny<IOException>(() => FillWithSamples(store));
        int count = store.List().Count;
        Assert.InRange(count, 20, 100);
        disk.Fill();
        foreach (StoredSample sample in store.List())
            Assert.True(store.Forget(sample.Id));
        Assert.Empty(store.List());
    }

    [SkippableFact]
    public async Task Eraser_FullDisk_ForgetsEverywhere()
    {
        using SmallDisk disk = Mount(8 << 20);
        using var package = new TemporaryFolder();
        using var model = PersonalModel.Open(LinearArtifacts.Write(package.File("model.autlearn")));
        using ProfileKey key = ProfileKey.Open(Path.Combine(disk.Path, "personal.key"), new KeyFileProtector(Path.Combine(disk.Path, "profile.key")));
        using SampleStore samples = SampleStore.Open(Path.Combine(disk.Path, "samples"), key);
        long id = samples.Add(new NewSample { Payload = new byte[50_000], Label = 1, Consent = SampleConsent.Given });
        FeatureStoreOptions options = OfflineLearner.OptionsFor(model, key);
        options.SegmentSizeInBytes = 1 << 20;
        using FeatureStore features = FeatureStore.Open(Path.Combine(disk.Path, "features"), options);
        features.TryAdd(new(id, 0), new byte[options.RowSizeInBytes], 1);
        using var generations = new GenerationStore(Path.Combine(disk.Path, "generations"), new() { Key = key });
        var offline = new OfflineLearner(model, MemoryHistory.Of(60), features, Path.Combine(disk.Path, "training"), new() { Epochs = 2, Key = key }, generations: generations);
        await offline.RunAsync();
        generations.Commit(model);
        using var eraser = new PersonalDataEraser(samples, features, offline, Path.Combine(disk.Path, "forgetting"), key: key);
        disk.Fill();
        Assert.ThrowsAny<IOException>(() => File.WriteAllBytes(Path.Combine(disk.Path, "probe"), new byte[1]));
        File.Delete(Path.Combine(disk.Path, "probe"));
        await eraser.ForgetAsync([id]);
        Assert.Null(samples.Find(id));
        Assert.False(features.Contains(new(id, 0)));
        Assert.Empty(generations.ReadNewestFirst());
        disk.Fill();
        await eraser.ForgetAllAsync();
        Assert.False(eraser.IsPending);
    }

    private static void FillWithSamples(SampleStore store)
    {
        while (true)
            store.Add(new NewSample { Payload = RandomNumberGenerator.GetBytes(20_000) });
    }

    private static void Forget(SampleStore store, string what)
    {
        switch (what)
        {
            case "sample":
                foreach (StoredSample sample in store.List().Where(s => s.SizeInBytes > 100).ToArray())
                    Assert.True(store.Forget(sample.Id));
                break;
            case "source":
                Assert.Equal(15, store.ForgetSource("odd"));
                break;
            case "consent":
                foreach (StoredSample sample in store.List().Where(s => s.Source == "odd").ToArray())
                    Assert.True(store.SetConsent(sample.Id, SampleConsent.Withheld));
                break;
            default:
                store.ForgetAll();
                break;
        }
    }

    private static SmallDisk Mount(int size)
    {
        SmallDisk? disk = SmallDisk.TryMount(size);
        Skip.If(disk is null, "This account may not mount a small disk.");
        return disk!;
    }

    private static SampleStore Open(SmallDisk disk) =>
        SampleStore.Open(Path.Combine(disk.Path, "samples"), new KeyFileProtector(Path.Combine(disk.Path, "profile.key")));
}
