using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Serialization;
using AutLearn.Testing.Hostile;

namespace AutLearn.Compiler.Tests.Hostile;

[Trait("Category", "Fault")]
public sealed class CompileFuzzTests
{
    [Fact]
    public void Compile_DamagedModels_RaisesNothingButTheLibrarysErrors()
    {
        const int Cases = 4000;
        int compiled = 0;
        for (int seed = 0; seed < Cases; seed++)
            compiled += CompileFuzz.Run(seed) ? 1 : 0;

        // Damage that always or never gets through would test nothing.
        Assert.InRange(compiled, Cases / 20, Cases / 2);
    }

    [Fact]
    public void Compile_DamagedModelsOfRareOperators_RaisesNothingButTheLibrarysErrors()
    {
        const int Cases = 2500;
        int compiled = 0;
        for (int seed = 0; seed < Cases; seed++)
            compiled += CompileFuzz.Run(seed, FuzzSeeds.Rare) ? 1 : 0;
        Assert.InRange(compiled, Cases / 20, Cases / 2);
    }

    [Theory]
    [InlineData(12167)]
    [InlineData(29977)]
    [InlineData(59276)]
    [InlineData(70181)]
    [InlineData(85408)]
    [InlineData(165785)]
    public void Compile_SeedThatOnceFailed_IsAnsweredAsDocumented(int seed) => CompileFuzz.Run(seed);

    [Fact]
    public void Seeds_Undamaged_Compile()
    {
        foreach (OnnxModel seed in FuzzSeeds.All.Concat(FuzzSeeds.Rare))
        {
            CompiledArtifacts artifacts = ModelCompiler.Compile(OnnxFile.Read(OnnxFile.ToBytes(seed), "seed"), new CompileOptions { Trainable = TrainableSelection.All });
            ModelChecker.Check(artifacts.TrainStep);
        }
    }
}
