using System.Text.Json;
using AutLearn.Runtime;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using AutLearn.Samples.Hosting;
using AutLearn.Testing;

namespace AutLearn.Samples.Tests;

/// <summary>What the samples leave on the disk, and to whom.</summary>
[Trait("Category", "Fault")]
public sealed class ProfileTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly WordCase _words = new();
    private readonly TemporaryFolder _links = new();

    public void Dispose()
    {
        _words.Dispose();
        _links.Dispose();
    }

    [Fact]
    public async Task Profile_AfterTyping_IsSealedAndItsOwnersAlone()
    {
        byte[] needle = await LearnAsync();
        Assert.All(Directory.EnumerateFiles(_words.Profile), f => Assert.True(File.ReadAllBytes(f).AsSpan().IndexOf(needle) < 0, f));
        Assert.DoesNotContain("ShippedTop1", File.ReadAllText(Path.Combine(_words.Profile, "hits.json")), StringComparison.Ordinal);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(_words.Profile));
        foreach (string file in Directory.EnumerateFiles(_words.Profile))
            Assert.Equal((file, Owner), (file, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Dispose_PackageSpoiltWhileRunning_SavesWhatWasLearntBefore()
    {
        string package = Path.Combine(_links.Path, "package");
        System.IO.Compression.ZipFile.ExtractToDirectory(_words.Package, package);
        byte[] learnt;
        LearningProfile profile = LearningProfile.Open(package, _words.Profile, new OnlineLearnerOptions { BatchSize = 2 });
        using (var trained = PersonalModel.Open(_words.Package))
        {
            // Learnt elsewhere, so that the profile's own model has not loaded its steps yet.
            Train(trained);
            learnt = Head(trained);
            string name = trained.Parameters[0].Tensor.Name;
            profile.Model.SetParameters([new(name, trained.GetParameter(name))]);
        }

        foreach (string file in Directory.GetFiles(package, "train_step*").Concat(Directory.GetFiles(package, "gradients*")))
            File.Delete(file);
        using (PredictionBatch batch = profile.Model.CreateBatch(2))
        {
            profile.Model.Predict(batch);
            for (int row = 0; row < 2; row++)
                profile.Learner.Feedback(profile.Learner.Remember(batch, row), 3);
        }

        // It throws, unless the background met the error first.
        _ = await Record.ExceptionAsync(profile.LearnNowAsync);
        Assert.NotNull(profile.Problem);
        await profile.DisposeAsync();
        await using LearningProfile again = Open();
        Assert.Equal(learnt, Head(again.Model));
    }

    // As versions before there was a key left it: plain, readable for all, with the rest of a killed save.
    [Fact]
    public async Task Open_AnOpenPlainProfile_ReadsItAndSealsItWithTheNextSave()
    {
        Directory.CreateDirectory(_words.Profile);
        string state = Path.Combine(_words.Profile, "state.safetensors"), leftover = state + ".0123456789abcdef0123456789abcdef.tmp";
        byte[] before;
        using (var model = PersonalModel.Open(_words.Package))
        {
            Train(model);
            before = Head(model);
            model.SaveState(state);
        }

        File.Copy(state, leftover);
        string link = LinkTo(leftover);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(state, (UnixFileMode)0b110_100_100);
        Assert.True(File.ReadAllBytes(state).AsSpan().IndexOf(before) >= 0);
        await using (LearningProfile profile = Open())
        {
            Assert.Equal(before, Head(profile.Model));
            Assert.True(IsZero(link));
            Train(profile.Model);
        }

        Assert.Equal(["learnt.key", "learnt.key.made", "profile.key", "state.safetensors"], Directory.EnumerateFiles(_words.Profile).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.All(Directory.EnumerateFiles(_words.Profile), f => Assert.True(File.ReadAllBytes(f).AsSpan().IndexOf(before.AsSpan(0, 16)) < 0, f));
    }

    [Fact]
    public async Task Reset_AfterTyping_LeavesNoByteInAnyFileThatThereWas()
    {
        await LearnAsync();
        foreach (string name in (string[])["state.safetensors", "hits.json"])
            File.Copy(Path.Combine(_words.Profile, name), Path.Combine(_words.Profile, name + ".00112233445566778899aabbccddeeff.tmp"));
        string[] links;
        await using (RunningApp app = await _words.StartAsync())
        {
            // What a killed save leaves while the app runs, too.
            File.Copy(Path.Combine(_words.Profile, "state.safetensors"), Path.Combine(_words.Profile, "state.safetensors.ffeeddccbbaa99887766554433221100.tmp"));
            links = [.. Directory.EnumerateFiles(_words.Profile).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)).Select(LinkTo)];
            await app.PostAsync("/api/reset", new { });
            Assert.Empty(Directory.EnumerateFiles(_words.Profile));
        }

        Assert.Equal(6, links.Length);
        Assert.All(links, l => Assert.True(IsZero(l), l));

        // And what is learnt afterwards is kept.
        await LearnAsync();
        await using RunningApp again = await _words.StartAsync();
        Assert.True((await again.GetAsync("/api/status")).GetProperty("version").GetInt64() > 0);
    }

    private static void Train(PersonalModel model)
    {
        using PredictionBatch batch = model.CreateBatch(4);
        model.Predict(batch);
        model.TrainStep(batch, [3, 4, 5, 6], 0.05);
    }

    private static byte[] Head(PersonalModel model) => model.GetParameter(model.Parameters[0].Tensor.Name).Bytes.ToArray();

    private static bool IsZero(string path) => File.ReadAllBytes(path).AsSpan().IndexOfAnyExcept((byte)0) < 0;

    private LearningProfile Open() => LearningProfile.Open(_words.Package, _words.Profile, new OnlineLearnerOptions());

    // Returns bytes of the parameters that were learnt.
    private async Task<byte[]> LearnAsync()
    {
        await using (RunningApp app = await _words.StartAsync())
        {
            string text = "";
            foreach (string word in (string[])["the", "cat", "sat", "on", "the", "mat"])
            {
                JsonElement suggestions = await app.PostAsync("/api/suggest", new { text });
                await app.PostAsync("/api/feedback", new { id = suggestions.GetProperty("id").GetInt64(), word });
                text += word + " ";
            }

            await app.PostAsync("/api/learn", new { });
        }

        using var key = ProfileKey.Open(Path.Combine(_words.Profile, "learnt.key"), AutLearn.Runtime.Stores.Samples.DeviceKeyProtector.Create(Path.Combine(_words.Profile, "profile.key")));
        using var model = PersonalModel.Open(_words.Package);
        byte[] shipped = Head(model);
        model.LoadState(Path.Combine(_words.Profile, "state.safetensors"), key);
        byte[] learnt = Head(model);
        Assert.NotEqual(shipped, learnt);
        return learnt[..16];
    }

    private string LinkTo(string path)
    {
        string link = Path.Combine(_links.Path, Path.GetFileName(path));
        HardLink.Create(link, path);
        return link;
    }
}
