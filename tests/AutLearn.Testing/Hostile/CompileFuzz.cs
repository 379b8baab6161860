using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;

namespace AutLearn.Testing.Hostile;

/// <summary>Compiles damaged models: each is refused with an error of AutLearn's own or compiled, at a price that its size explains.</summary>
public static class CompileFuzz
{
    private const long FreeBytes = 128L << 20;

    /// <summary>Runs one case.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <returns>Whether the model was compiled.</returns>
    /// <exception cref="FuzzFailureException">Another exception came, or too much memory was allocated.</exception>
    public static bool Run(int seed) => Run(seed, FuzzSeeds.All);

    /// <summary>Runs one case on one of some models.</summary>
    public static bool Run(int seed, IReadOnlyList<OnnxModel> models)
    {
        var random = new Random(seed);
        OnnxModel model = new ModelDamage(seed).Damage(models[random.Next(models.Count)]);
        byte[] bytes = [];
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isCompiled = false;
        try
        {
            bytes = OnnxFile.ToBytes(model);
            ModelCompiler.Compile(OnnxFile.Read(bytes, "fuzzed.onnx"), Options(random));
            isCompiled = true;
        }
        catch (AutLearnException)
        {
            // What a malformed model is answered with.
        }
        catch (Exception error)
        {
            throw new FuzzFailureException($"Seed {seed}: {error.GetType().Name}: {error.Message}", error);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated <= FreeBytes ? isCompiled : throw new FuzzFailureException($"Seed {seed}: {allocated} bytes for a model of {bytes.Length}.", null);
    }

    private static CompileOptions Options(Random random) => new()
    {
        Trainable = random.Next(3) switch { 0 => TrainableSelection.All, 1 => TrainableSelection.LastLayers(2), _ => TrainableSelection.LastLayers(1) },
        Loss = random.Next(4) switch { 0 => new MeanSquaredLoss(), 1 => new BinaryCrossEntropyWithLogitsLoss(), 2 => new HuberLoss(), _ => new SoftmaxCrossEntropyLoss() },
        Optimizer = random.Next(3) switch { 0 => new SgdOptimizer(), 1 => new AdamOptimizer(), _ => new AdamWOptimizer() },
        ClipNorm = random.Next(2) == 0 ? 1 : null,
        AccumulationSteps = random.Next(3) == 0 ? 2 : 1,
        TrainingDropout = random.Next(2) == 0,
        BatchNormalization = random.Next(2) == 0 ? NormalizationStatistics.Training : NormalizationStatistics.Frozen,
    };
}
