using AutLearn.Testing;
using AutLearn.Testing.Hostile;

namespace AutLearn.Cloud.Tests.Hostile;

/// <summary>Damaged data files are answered as documented.</summary>
[Trait("Category", "Fault")]
public sealed class CloudFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_Damaged_AreAnsweredAsDocumented()
    {
        const int cases = 1000;
        foreach (FuzzTarget target in CloudFuzz.Targets(_folder.Path))
            Assert.InRange(target.Run(firstSeed: 1, cases), 1, cases);
    }
}
