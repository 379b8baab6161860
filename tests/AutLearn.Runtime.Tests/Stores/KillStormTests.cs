using AutLearn.Testing;
using AutLearn.Testing.Faults;

namespace AutLearn.Runtime.Tests.Stores;

/// <summary>Real kills of an app at work in a whole profile; the bench command kill-storm does a thousand.</summary>
[Trait("Category", "Fault")]
public sealed class KillStormTests : IDisposable
{
    private const int Kills = 20;

    // On a slow machine the lives of twenty kills may end before one has learned; the storm goes on until each kind of work was there to be lost.
    private const int MostKills = 200;
    private const int Seed = 23;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Profile_KilledAgainAndAgain_LosesNothingAndNothingForgottenComesBack()
    {
        var storm = new KillStorm(Path.Combine(AppContext.BaseDirectory, "AutLearn.LearningProbe.dll"), Path.Combine(_folder.Path, "storm"), Seed);
        StormCounts counts = storm.Ledger.Counts;
        for (int kill = 0; kill < Kills || (kill < MostKills && (counts.Samples == 0 || counts.Generations == 0 || counts.Forgettings == 0)); kill++)
            await storm.KillOnceAsync();
        Assert.True(counts.Samples > 0 && counts.Generations > 0 && counts.Forgettings > 0, $"{counts.Samples} samples, {counts.Generations} generations, {counts.Forgettings} forgettings");
    }
}
