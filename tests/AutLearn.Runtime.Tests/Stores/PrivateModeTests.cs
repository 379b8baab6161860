using System.Runtime.Versioning;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Tests.Offline;
using AutLearn.Runtime.Tests.Training;
using AutLearn.Runtime.Training;
using AutLearn.Testing;
using SampleOrder = AutLearn.Runtime.Training.SampleOrder;

namespace AutLearn.Runtime.Tests.Stores;

/// <summary>Who can open what the library writes. The umask is the process's, so these tests run alone.</summary>
[Trait("Category", "Fault")]
[Collection(AloneCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class PrivateModeTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Shared = (UnixFileMode)0b111_101_101;
    private readonly ProfileFolder _profile = new();
    private readonly string _package;

    public PrivateModeTests() => _package = LinearArtifacts.Write(_profile.Outside("model.autlearn"));

    public void Dispose() => _profile.Dispose();

    [SkippableTheory]
    [InlineData("000")]
    [InlineData("022")]
    [InlineData("077")]
    public async Task Files_OfEveryStore_AreTheirOwnersAlone(string umask)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes; files take the access list of the user's profile.");
        using (new Umask(umask))
            await LiveAsync();

        CheckModes();
    }

    [SkippableFact]
    public async Task Files_ThatAnEarlierVersionLeftOpen_AreClosedWhenTheyAreOpened()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes; files take the access list of the user's profile.");
        await LiveAsync();
        foreach (string file in _profile.Files().Where(f => f != _profile.ProtectorPath))
            File.SetUnixFileMode(file, (UnixFileMode)0b110_100_100);
        await LiveAsync();
        CheckModes();
    }

    [SkippableFact]
    public async Task Folders_ThatAreThereAlready_KeepTheirModes()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes.");
        string[] folders = [_profile.Path, .. new[] { "samples", "features", "generations", "training", "forgetting", "trainer", "optimised" }.Select(f => _profile.File(f))];
        foreach (string folder in folders)
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, Shared);
        }

        // Twice: made by the app they stay the app's, also once they hold files of the library alone.
        await LiveAsync();
        await LiveAsync();
        Assert.All(folders, f => Assert.Equal((f, Shared), (f, File.GetUnixFileMode(f))));
        Assert.All(_profile.Files(), f => Assert.Equal((f, Owner), (f, File.GetUnixFileMode(f))));
    }

    [SkippableFact]
    public void KeysStatesAndExports_InTheAppsOwnFolder_LeaveItOpen()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes.");
        string home = Directory.CreateDirectory(_profile.Outside("home")).FullName;
        File.SetUnixFileMode(home, Shared);
        using var key = ProfileKey.Open(Path.Combine(home, "personal.key"), DeviceKeyProtector.Create(Path.Combine(home, "profile.key")));
        using var model = PersonalModel.Open(_package);
        model.SaveState(Path.Combine(home, "me.state"), key);
        model.Export(Path.Combine(home, "me.onnx"));
        using ProfileKey inNewFolder = ProfileKey.Open(Path.Combine(home, "new", "deep", "personal.key"), new KeyFileProtector(Path.Combine(home, "new", "deep", "profile.key")));
        _ = inNewFolder.DeriveKey("x");
        Assert.Equal(Shared, File.GetUnixFileMode(home));
        Assert.All(Directory.EnumerateFiles(home), f => Assert.Equal((f, Owner), (f, File.GetUnixFileMode(f))));
        Assert.All(new[] { "new", "new/deep" }, f => Assert.Equal((f, Owner | UnixFileMode.UserExecute), (f, File.GetUnixFileMode(Path.Combine(home, f)))));
    }

    [SkippableFact]
    public void Protect_WhatOthersShare_StaysAsItIs()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no modes.");
        string shared = Directory.CreateDirectory(_profile.Outside("shared")).FullName, target = _profile.Outside("target"), link = Path.Combine(shared, "link");
        UnixFileMode sticky = (UnixFileMode)0b1_111_111_111;
        File.SetUnixFileMode(shared, sticky);
        File.WriteAllText(target, "x");
        File.SetUnixFileMode(target, (UnixFileMode)0b110_100_100);
        File.CreateSymbolicLink(link, target);
        PrivateFiles.CreateFolder(shared);
        PrivateFiles.Protect(shared);
        PrivateFiles.Protect(link);
        PrivateFiles.Protect(Path.Combine(shared, "nothing"));
        Assert.Equal(sticky, File.GetUnixFileMode(shared));
        Assert.Equal((UnixFileMode)0b110_100_100, File.GetUnixFileMode(target));
    }

    // One of everything that is written: samples, features, generations, checkpoints, states, exports, keys, logs, optimised models.
    private async Task LiveAsync()
    {
        using ProfileKey key = _profile.OpenKey();
        using var model = PersonalModel.Open(_package, new() { OptimizedModelCacheFolder = _profile.File("optimised") });
        using SampleStore samples = SampleStore.Open(_profile.File("samples"), key);
        samples.Add(new NewSample { Payload = new byte[] { 1, 2, 3 }, Label = 1, Consent = SampleConsent.Given });
        using FeatureStore features = FeatureStore.Open(_profile.File("features"), OfflineLearner.OptionsFor(model, key));
        using var generations = new GenerationStore(_profile.File("generations"), new() { Key = key });
        var offline = new OfflineLearner(
            model, MemoryHistory.Of(60), features, _profile.File("training"), new() { Epochs = 2, BatchSize = 8, CheckpointSteps = 1, Key = key }, generations: generations);
        using var window = new CancellationTokenSource();
        await offline.RunAsync(window.Token, new Closing(window));
        Assert.True(offline.IsSuspended);
        generations.Commit(model);
        using var eraser = new PersonalDataEraser(samples, features, offline, _profile.File("forgetting"));

        // The history still lists the sample, so the note of what is to be forgotten stays.
        await Assert.ThrowsAsync<InvalidOperationException>(() => eraser.ForgetAsync([100]));
        generations.Commit(model);
        await offline.RunAsync(new CancellationToken(canceled: true));
        await new Trainer(model, new() { Epochs = 1, CheckpointFolder = _profile.File("trainer"), LogFile = _profile.File("log.jsonl"), Key = key })
            .TrainAsync(new(new RowSource(40), new() { BatchSize = 16 }), new(new RowSource(20), new() { Order = SampleOrder.Sequential }));
        model.SaveState(_profile.File("sealed.state"), key);
        model.SaveState(_profile.File("plain.state"));
        model.Export(_profile.File("personal.onnx"));
    }

    private void CheckModes()
    {
        string[] files = [.. _profile.Files()];
        foreach (string name in (string[])["samples.db", "samples.key", ".features", ".generation", "offline.checkpoint", "checkpoint", "best-1", "forget.pending", "sealed.state", "plain.state", "personal.onnx", "log.jsonl", ".optimized", "personal.key", "profile.key"])
            Assert.Contains(files, f => f.EndsWith(name, StringComparison.Ordinal));
        Assert.All(files, f => Assert.Equal((f, Owner), (f, File.GetUnixFileMode(f))));
        Assert.All([_profile.Path, .. Directory.EnumerateDirectories(_profile.Path, "*", SearchOption.AllDirectories)], f => Assert.Equal((f, Owner | UnixFileMode.UserExecute), (f, File.GetUnixFileMode(f))));
    }

    private sealed class Closing(CancellationTokenSource window) : IProgress<OfflineProgress>
    {
        public void Report(OfflineProgress value) => window.Cancel();
    }
}
