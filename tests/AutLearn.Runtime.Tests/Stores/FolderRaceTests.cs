using System.Diagnostics;
using System.Globalization;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Stores;

/// <summary>Two processes open the same fresh folder at the same moment, again and again.</summary>
[Trait("Category", "Fault")]
public sealed class FolderRaceTests : IDisposable
{
    private const int Rounds = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private readonly TemporaryFolder _folder = new();
    private readonly Opener[] _openers = [new(), new()];

    public void Dispose()
    {
        foreach (Opener opener in _openers)
            opener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task SampleStore_OpenedFreshByTwoProcesses_LosesNoSample() => await Race("samples", (folder, id) =>
    {
        using SampleStore store = SampleStore.Open(folder, new KeyFileProtector(Path.Combine(folder, "profile.key")));
        Assert.Equal(Number(id), Assert.Single(store.List()).Id);
    });

    [Fact]
    public async Task GenerationStore_UsedFreshByTwoProcesses_LosesNoCommit() => await Race("generations", (folder, number) =>
    {
        using var store = new GenerationStore(folder);
        Assert.Equal(Number(number), Assert.Single(store.ReadNewestFirst()).Number);
    });

    [Fact]
    public async Task FeatureStore_OpenedFreshByTwoProcesses_LosesNoRow() => await Race("features", (folder, id) =>
    {
        byte[] row = new byte[sizeof(int)];
        using FeatureStore store = FeatureStore.Open(folder, new() { RowSizeInBytes = row.Length, SegmentSizeInBytes = 1024 });
        Assert.True(store.TryRead(new(Number(id), 0), row, out _));
    });

    [Fact]
    public async Task KeyFile_CreatedByTwoProcesses_UnwrapsWhatBothWrapped()
    {
        for (int round = 0; round < Rounds; round++)
        {
            string folder = _folder.File($"key{round}", "x")[..^2];
            string[] answers = await Ask($"key\t{folder}\t{Soon()}");
            var protector = new KeyFileProtector(Path.Combine(folder, "profile.key"));
            foreach (string answer in answers)
            {
                Assert.True(answer.StartsWith("done ", StringComparison.Ordinal), answer);
                Assert.Equal(sizeof(int), protector.Unprotect(Convert.FromHexString(answer[5..])).Length);
            }

            Assert.Single(Directory.GetFiles(folder));
        }
    }

    [Fact]
    public async Task Stores_OwnerKilled_AreFreeAtOnce()
    {
        foreach (string kind in (string[])["samples", "generations", "features"])
        {
            string folder = _folder.File($"killed-{kind}", "x")[..^2];
            using var first = new Opener();
            string done = await first.Ask($"{kind}\t{folder}\t0");
            Assert.StartsWith("done ", done, StringComparison.Ordinal);
            Assert.Equal("in use", await _openers[0].Ask($"{kind}\t{folder}\t0"));
            first.Kill();
            Assert.StartsWith("done ", await _openers[0].Ask($"{kind}\t{folder}\t0"), StringComparison.Ordinal);
            Assert.Equal("closed", await _openers[0].Ask("close"));
        }
    }

    private async Task Race(string kind, Action<string, string> check)
    {
        for (int round = 0; round < Rounds; round++)
        {
            string folder = _folder.File($"{kind}{round}", "x")[..^2];
            string[] answers = await Ask($"{kind}\t{folder}\t{Soon()}");
            string done = Assert.Single(answers, a => a.StartsWith("done ", StringComparison.Ordinal));
            Assert.Single(answers, "in use");
            Assert.Equal(["closed", "closed"], await Ask("close"));
            check(folder, done[5..]);
        }
    }

    private Task<string[]> Ask(string line) => Task.WhenAll(_openers.Select(o => o.Ask(line)));

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string Soon() => TimeProvider.System.GetUtcNow().AddMilliseconds(3).Ticks.ToString(CultureInfo.InvariantCulture);

    private sealed class Opener : IDisposable
    {
        private readonly Process _process = Process.Start(new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "AutLearn.LearningProbe.dll"), "race"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

        public async Task<string> Ask(string line)
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
            return await _process.StandardOutput.ReadLineAsync().WaitAsync(Limit) ?? "ended";
        }

        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                Kill();
            _process.Dispose();
        }
    }
}
