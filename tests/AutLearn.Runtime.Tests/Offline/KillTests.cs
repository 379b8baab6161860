using AutLearn.Runtime.Stores;
using AutLearn.Testing;
using AutLearn.Testing.Faults;

namespace AutLearn.Runtime.Tests.Offline;

/// <summary>Real kills of a real process; the bench command kill-learning does two hundred.</summary>
[Trait("Category", "Fault")]
public sealed class KillTests : IDisposable
{
    private const int Seed = 11;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Learning_KilledAtRandomPoints_EndsBitForBitAsIfNeverKilled()
    {
        string probe = Path.Combine(AppContext.BaseDirectory, "AutLearn.LearningProbe.dll");
        (Generation expected, TimeSpan duration) = LearningKills.RunWhole(probe, Directory.CreateDirectory(Path.Combine(_folder.Path, "whole")).FullName);
        var random = new Random(Seed);
        int kills = 0;

        // A process that outruns its kill ends unharmed; how often depends on the machine, so there are further runs.
        for (int run = 0; run < 10 && kills < 4; run++)
        {
            (Generation generation, int killed, _) = LearningKills.RunWithKills(
                probe, Directory.CreateDirectory(Path.Combine(_folder.Path, $"killed{run}")).FullName, random, duration * 0.6, maxKills: 4);
            Assert.Equal(expected.Number, generation.Number);
            Assert.True(expected.Content.Span.SequenceEqual(generation.Content.Span), $"seed {Seed}, run {run}: the parameters differ after {killed} kills");
            kills += killed;
        }

        Assert.True(kills >= 4, $"seed {Seed}: only {kills} kills");
    }
}
