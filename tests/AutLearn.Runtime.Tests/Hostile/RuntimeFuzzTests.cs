using AutLearn.Testing;
using AutLearn.Testing.Hostile;

namespace AutLearn.Runtime.Tests.Hostile;

/// <summary>Whatever lies on the device's disk is answered as documented.</summary>
[Trait("Category", "Fault")]
public sealed class RuntimeFuzzTests : IDisposable
{
    private const int Cases = 150;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_Damaged_AreAnsweredAsDocumented()
    {
        int accepted = 0, targets = 0;
        foreach (FuzzTarget target in RuntimeFuzz.Targets(_folder.Path))
        {
            targets++;
            accepted += target.Run(firstSeed: 1, Cases);
        }

        Assert.InRange(accepted, 1, (targets * Cases) - 1);
    }
}
