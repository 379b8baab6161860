using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>Sets as projects that used the retired Python tool have them.</summary>
internal static class OnnxBlockSets
{
    public static readonly IReadOnlyDictionary<string, Func<OnnxBlockSet>> All = new Dictionary<string, Func<OnnxBlockSet>>
    {
        ["cross-entropy"] = () => Mlp(OnnxBlockLosses.CrossEntropy()),
        ["cross-entropy, int32 labels"] = () => Mlp(OnnxBlockLosses.CrossEntropy(ElementType.Int32)),
        ["cross-entropy, ignored label"] = () => Mlp(OnnxBlockLosses.CrossEntropy(ignored: 2)),
        ["cross-entropy, class weights"] = () => Mlp(OnnxBlockLosses.CrossEntropy(weights: [1, 2, 0.5f, 3, 1])),
        ["mean squared"] = () => Mlp(OnnxBlockLosses.MeanSquared),
        ["mean absolute"] = () => Mlp(OnnxBlockLosses.MeanAbsolute),
        ["binary cross-entropy"] = () => Mlp(OnnxBlockLosses.BinaryCrossEntropy()),
        ["decay"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-6, WeightDecay = 0.5 }),
        ["other betas"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-3, WeightDecay = 0, Beta1 = 0.5, Beta2 = 0.75 }),
        ["no bias correction"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-6, WeightDecay = 0, SkipsBiasCorrection = true }),
        ["torch form"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new AdamWOptimizer()),
        ["clipped"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), clip: 0.05),
        ["plain descent"] = () => Mlp(OnnxBlockLosses.MeanSquared, new SgdOptimizer()),
        ["plain descent, clipped"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), new SgdOptimizer(), clip: 0.05),
        ["frozen layer"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), trained: ["fc2.weight", "fc2.bias"], frozen: ["fc1.weight", "fc1.bias"]),
        ["layer left in the graph"] = () => Mlp(OnnxBlockLosses.CrossEntropy(), trained: ["fc2.weight", "fc2.bias"], frozen: []),
        ["first layer alone"] = () => Mlp(OnnxBlockLosses.MeanSquared, trained: ["fc1.weight"], frozen: ["fc1.bias", "fc2.weight", "fc2.bias"]),
        ["convolutions"] = () => new(Networks.Cnn(4))
        {
            RequiresGrad = ["fc.weight", "fc.bias", "conv2.weight"],
            FrozenParams = ["conv1.weight"],
            Loss = OnnxBlockLosses.CrossEntropy(),
            Optimizer = ToolsAdamW,
        },
        ["language model, positions one below the other"] = () => new(Words())
        {
            RequiresGrad = ["vectors", "fc.weight", "fc.bias"],
            Loss = OnnxBlockLosses.PositionsBelow,
            Optimizer = ToolsAdamW,
        },
        ["log-likelihood"] = () => Mlp(OnnxBlockLosses.LogLikelihood),
        ["linear layers without bias"] = () => new(Unfolded())
        {
            RequiresGrad = ["fc1.weight", "fc2.weight"],
            Loss = OnnxBlockLosses.MeanSquared,
            Optimizer = ToolsAdamW,
        },
        ["classes second of four dimensions"] = () => new(Segmentation())
        {
            RequiresGrad = ["kernel", "bias"],
            Loss = OnnxBlockLosses.CrossEntropy(ignored: 3),
            Optimizer = ToolsAdamW,
        },
    };

    /// <summary>What the tool writes where nothing else is asked for.</summary>
    public static AdamWOptimizer ToolsAdamW => new() { Form = AdamWForm.Transformers, Epsilon = 1e-6, WeightDecay = 0 };

    public static OnnxBlockSet Mlp(
        Func<OnnxBlockSet, OnnxGraph, Value, Value> loss, Optimizer? optimizer = null, double? clip = null, string[]? trained = null, string[]? frozen = null, string[]? outputs = null) => new(Networks.Mlp(10, 12, 5))
    {
        RequiresGrad = trained ?? ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"],
        FrozenParams = frozen ?? [],
        Loss = loss,
        Optimizer = optimizer ?? ToolsAdamW,
        ClipNorm = clip,
        AdditionalOutputs = outputs ?? [],
    };

    // image [N, 1, 8, 8] -> Conv -> scores [N, 4, 8, 8]
    private static OnnxModel Segmentation()
    {
        var graph = new OnnxGraph("segmentation");
        var random = new Random(3);
        Value x = graph.AddInput("image", new TensorType(ElementType.Float32, new Shape("N", 1, 8, 8)));
        Value kernel = graph.AddInitializer("kernel", Networks.Random(random, 1, 4, 1, 3, 3)), bias = graph.AddInitializer("bias", Networks.Random(random, 1, 4));
        graph.AddOutput(graph.AddNode("Conv", [x, kernel, bias], ["scores"], [new("pads", AttributeValue.Of(1L, 1L, 1L, 1L))]).Output(0)!);
        return new OnnxModel(graph, Networks.Opset);
    }

    // words [N, 6] -> Gather -> Gemm by rows -> logits [N, 6, 9]
    private static OnnxModel Words()
    {
        var graph = new OnnxGraph("words");
        var random = new Random(5);
        Value x = graph.AddInput("words", new TensorType(ElementType.Int64, new Shape("N", 6)));
        Value y = graph.AddNode("Gather", [graph.AddInitializer("vectors", Networks.Random(random, 1, 9, 7)), x], ["embedded"]).Output(0)!;
        y = graph.AddNode("MatMul", [y, graph.AddInitializer("fc.weight", Networks.Random(random, 1, 7, 9))], ["product"]).Output(0)!;
        graph.AddOutput(graph.AddNode("Add", [y, graph.AddInitializer("fc.bias", Networks.Random(random, 1, 9))], ["logits"]).Output(0)!);
        return new OnnxModel(graph, Networks.Opset);
    }

    // As PyTorch exports linear layers where constants are not folded: without bias, or on positions [N, T, 6].
    public static OnnxModel Unfolded(long? positions = null)
    {
        var graph = new OnnxGraph("unfolded");
        var random = new Random(6);
        Value y = graph.AddInput("x", new TensorType(ElementType.Float32, positions is { } t ? new Shape("N", t, 6) : new Shape("N", 6)));
        y = graph.AddNode("Tanh", [Linear("fc1", y, 8, 6)], ["hidden"]).Output(0)!;
        graph.AddOutput(graph.AddNode("Identity", [Linear("fc2", y, 5, 8)], ["logits"]).Output(0)!);
        return new OnnxModel(graph, Networks.Opset);

        Value Linear(string name, Value input, long rows, long columns)
        {
            Value weight = graph.AddInitializer($"{name}.weight", Networks.Random(random, 1, rows, columns));
            Value transposed = graph.AddNode("Transpose", [weight], [$"{name}.transposed"], [new("perm", AttributeValue.Of(1L, 0L))]).Output(0)!;
            Value product = graph.AddNode("MatMul", [input, transposed], [$"{name}.product"]).Output(0)!;
            return positions is null ? product : graph.AddNode("Add", [graph.AddInitializer($"{name}.bias", Networks.Random(random, 1, rows)), product], [$"{name}.out"]).Output(0)!;
        }
    }
}
