using AutLearn.Testing.Hostile;

namespace AutLearn.Compiler.Tests.Hostile;

[Trait("Category", "Fault")]
public sealed class ImportFuzzTests
{
    [Fact]
    public void Import_DamagedSets_RaisesNothingButTheLibrarysErrors()
    {
        const int Cases = 3000;
        int imported = 0;
        for (int seed = 0; seed < Cases; seed++)
            imported += ImportFuzz.Run(seed) ? 1 : 0;

        // Damage that always or never gets through would test nothing.
        Assert.InRange(imported, Cases / 20, Cases * 3 / 4);
    }
}
