using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Compiler.OrtTraining.Import;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Serialization;

namespace AutLearn.Testing.Hostile;

/// <summary>Imports official training sets of which one part is damaged: each is refused with an error of AutLearn's own or imported, at a price that its size explains.</summary>
public static class ImportFuzz
{
    private const long FreeBytes = 128L << 20;

    private static readonly OrtTrainingArtifacts[] Sets = [.. Make()];

    /// <summary>Runs one case.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <returns>Whether the set was imported.</returns>
    /// <exception cref="FuzzFailureException">Another exception came, or too much memory was allocated.</exception>
    public static bool Run(int seed)
    {
        var random = new Random(seed);
        OrtTrainingArtifacts sound = Sets[random.Next(Sets.Length)];
        int part = random.Next(6);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isImported = false;
        try
        {
            OrtTrainingImport import = OrtTrainingImport.Of(
                new()
                {
                    Evaluation = Read(sound.Evaluation, part <= 2, seed),
                    Optimizer = Read(sound.Optimizer, part == 3, seed),
                    Training = random.Next(2) == 0 ? Read(sound.Training, part == 4, seed) : null,
                    Checkpoint = OfficialCheckpoint.Read(part == 5 ? ByteDamage.Of(sound.Checkpoint.ToBytes(), seed) : sound.Checkpoint.ToBytes(), "fuzzed"),
                },
                random.Next(3) == 0 ? new() { ScoresName = "logits", Loss = new HuberLoss() } : null);
            isImported = true;
            ModelCompiler.Compile(import.Model, import.ToCompileOptions("fuzzed"));
        }
        catch (AutLearnException)
        {
            // What a malformed set is answered with.
        }
        catch (ArgumentException error) when (error.Message.Contains("nominal", StringComparison.Ordinal))
        {
            // A flipped bit says that the checkpoint holds names alone.
        }
        catch (Exception error)
        {
            throw new FuzzFailureException($"Seed {seed}: {error.GetType().Name}: {error.Message}", error);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated <= FreeBytes ? isImported : throw new FuzzFailureException($"Seed {seed}: {allocated} bytes.", null);
    }

    private static OnnxModel Read(OnnxModel model, bool isDamaged, int seed) =>
        OnnxFile.Read(OnnxFile.ToBytes(isDamaged ? new ModelDamage(seed).Damage(model) : model), "fuzzed.onnx");

    private static IEnumerable<OrtTrainingArtifacts> Make()
    {
        foreach (Loss loss in (Loss[])[new SoftmaxCrossEntropyLoss(), new MeanSquaredLoss(), new L1Loss(), new BinaryCrossEntropyWithLogitsLoss(), new HuberLoss()])
        {
            var random = new Random(1);
            var graph = new OnnxGraph("network");
            Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 1, 4, 4)));
            Value y = graph.AddNode("Conv", [x, Weight("kernel", 2, 1, 3, 3), Weight("shift", 2)], ["conv"]).Output(0)!;
            y = graph.AddNode("BatchNormalization", [y, Weight("scale", 2), Weight("bias", 2), Weight("mean", 2), Weight("variance", 2)], ["normal"]).Output(0)!;
            y = graph.AddNode("Flatten", [graph.AddNode("Relu", [y], ["active"]).Output(0)!], ["flat"]).Output(0)!;
            graph.AddOutput(graph.AddNode("Gemm", [y, Weight("weight", 8, 3), Weight("offset", 3)], ["logits"]).Output(0)!);
            yield return OrtTrainingCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions
            {
                Trainable = TrainableSelection.Patterns("weight", "offset"),
                LogitsName = "logits",
                Loss = loss,
                Optimizer = loss is L1Loss ? new SgdOptimizer() : new AdamWOptimizer { Form = AdamWForm.Transformers },
                ClipNorm = 1,
            });

            Value Weight(string name, params long[] sizes) =>
                graph.AddInitializer(name, Tensor.Of<float>(sizes, [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => random.NextSingle())]));
        }
    }
}
