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
        (Generation generation, int kills, _) = LearningKills.RunWithKills(
            probe, Directory.CreateDirectory(Path.Combine(_folder.Path, "killed")).FullName, new Random(Seed), duration, maxKills: 6);
        Assert.True(kills >= 1, $"seed {Seed}: the process was never killed");
        Assert.Equal(expected.Number, generation.Number);
        Assert.True(expected.Content.Span.SequenceEqual(generation.Content.Span), $"seed {Seed}: the parameters differ after {kills} kills");
    }
}
