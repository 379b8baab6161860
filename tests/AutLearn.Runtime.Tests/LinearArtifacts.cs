using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Runtime.Tests;

/// <summary>
/// Artifacts built by hand, so that these tests do not depend on the compiler: features = relu(x B) with a fixed B, then a linear softmax
/// head under SGD with momentum 0.9. Written with operators that need no gradient code to check: dlogits = (softmax - one-hot) / N.
/// </summary>
internal static class LinearArtifacts
{
    public const int Inputs = 4;
    public const int Features = 6;
    public const int Classes = 3;
    public const double Momentum = 0.9;

    public static float[] Backbone { get; } = Numbers(11, Inputs * Features);

    public static float[] Weight { get; } = Numbers(12, Classes * Features);

    public static float[] Bias { get; } = Numbers(13, Classes);

    public static ArtifactManifest Manifest { get; } = new()
    {
        FormatVersion = ArtifactManifest.CurrentFormatVersion,
        Producer = "tests",
        ModelName = "linear",
        BaseModelSha256 = new string('a', 64),
        BackboneSha256 = new string('b', 64),
        Opset = 17,
        BatchSymbol = "N",
        Inputs = [Spec("x", "N", "4")],
        Predictions = [Spec("probabilities", "N", "3")],
        Logits = Spec("logits", "N", "3"),
        Boundary = [new(Spec("features", "N", "6"), "features", null)],
        Labels = new("labels", ElementType.Int64, ["N"]),
        Parameters =
        [
            new(Spec("w", "3", "6"), "w_new", ParameterRole.Trainable),
            new(Spec("b", "3"), "b_new", ParameterRole.Trainable),
        ],
        OptimizerState =
        [
            new(Spec("w_momentum", "3", "6"), "w_momentum_new", "w", "momentum", 0),
            new(Spec("b_momentum", "3"), "b_momentum_new", "b", "momentum", 0),
        ],
        LearningRateInput = "learning_rate",
        LossOutput = "loss",
        Metrics =
        [
            new(new("correct_rows", ElementType.Bool, ["N"]), "correct_rows"),
            new(new("correct_count", ElementType.Int64, []), "correct_count"),
        ],
        Loss = new("softmax_cross_entropy") { IgnoreIndex = -100 },
        Optimizer = new("sgd") { Momentum = Momentum },
        Defaults = new(0.1, 8, 4),
        Files = [],
    };

    /// <summary>Writes the artifacts: a package where the path ends in .autlearn, else a folder.</summary>
    public static string Write(string path, bool withCachedStep = true)
    {
        var writer = new ArtifactWriter(Manifest);
        writer.Add(ArtifactNames.Inference, OnnxFile.ToBytes(Inference()));
        writer.Add(ArtifactNames.TrainStep, OnnxFile.ToBytes(Step(isCached: false)));
        if (withCachedStep)
            writer.Add(ArtifactNames.TrainStepCached, OnnxFile.ToBytes(Step(isCached: true)));
        writer.Add(ArtifactNames.Evaluation, OnnxFile.ToBytes(Evaluation()));
        writer.Add(ArtifactNames.Parameters, new SafetensorsFile(
        [
            new("w", Tensor.Of<float>([Classes, Features], Weight)),
            new("b", Tensor.Of<float>([Classes], Bias)),
        ]).ToBytes());
        writer.Write(path);
        return path;
    }

    /// <summary>Deterministic inputs whose class depends on them, so that learning is possible.</summary>
    public static (float[] Input, long[] Labels) Data(int rows, int seed = 5)
    {
        float[] input = Numbers(seed, rows * Inputs);
        long[] labels = new long[rows];
        for (int i = 0; i < rows; i++)
            labels[i] = input[i * Inputs] > 0.3f ? 2 : input[(i * Inputs) + 1] > 0 ? 1 : 0;
        return (input, labels);
    }

    private static OnnxModel Inference()
    {
        var graph = new OnnxGraph("inference");
        Value x = Input(graph, "x", ElementType.Float32, "N", Inputs);
        Value w = Input(graph, "w", ElementType.Float32, Classes, Features);
        Value b = Input(graph, "b", ElementType.Float32, Classes);
        Value backbone = graph.AddInitializer("backbone", Tensor.Of<float>([Inputs, Features], Backbone));
        Value features = Add(graph, "Relu", "features", [Add(graph, "MatMul", "hidden", [x, backbone])]);
        Value logits = Add(graph, "Gemm", "logits", [features, w, b], ("transB", 1L));
        Add(graph, "Softmax", "probabilities", [logits]);
        return Model(graph, ("probabilities", ["N", Classes]), ("logits", ["N", Classes]), ("features", ["N", Features]));
    }

    private static OnnxModel Step(bool isCached)
    {
        var graph = new OnnxGraph("step");
        Value features = Input(graph, "features", ElementType.Float32, "N", Features);
        Value labels = Input(graph, "labels", ElementType.Int64, "N");
        Value rate = Input(graph, "learning_rate", ElementType.Float32);
        Value logits = isCached ? Input(graph, "logits", ElementType.Float32, "N", Classes) : null!;
        Value w = Input(graph, "w", ElementType.Float32, Classes, Features);
        Value b = Input(graph, "b", ElementType.Float32, Classes);
        logits ??= Add(graph, "Gemm", "logits", [features, w, b], ("transB", 1L));
        AddLoss(graph, logits, labels, withRows: false);
        Value depth = graph.AddInitializer("depth", Tensor.Vector<long>(Classes));
        Value values = graph.AddInitializer("values", Tensor.Vector<float>(0, 1));
        Value oneHot = Add(graph, "OneHot", "one_hot", [labels, depth, values]);
        Value difference = Add(graph, "Sub", "difference", [Add(graph, "Softmax", "p", [logits]), oneHot]);
        Value rows = Add(graph, "Cast", "rows_float", [Add(graph, "Size", "rows", [labels])], ("to", 1L));
        Value gradient = Add(graph, "Div", "dlogits", [difference, rows]);
        Update(graph, "w", w, Add(graph, "Gemm", "w_grad", [gradient, features], ("transA", 1L)), rate, [Classes, Features]);
        Value axes = graph.AddInitializer("axes", Tensor.Vector<long>(0));
        Update(graph, "b", b, Add(graph, "ReduceSum", "b_grad", [gradient, axes], ("keepdims", 0L)), rate, [Classes]);
        return Model(
            graph,
            ("loss", []),
            ("correct_count", []),
            ("w_new", [Classes, Features]),
            ("b_new", [Classes]),
            ("w_momentum_new", [Classes, Features]),
            ("b_momentum_new", [Classes]));
    }

    private static OnnxModel Evaluation()
    {
        var graph = new OnnxGraph("evaluation");
        Value features = Input(graph, "features", ElementType.Float32, "N", Features);
        Value labels = Input(graph, "labels", ElementType.Int64, "N");
        Value w = Input(graph, "w", ElementType.Float32, Classes, Features);
        Value b = Input(graph, "b", ElementType.Float32, Classes);
        AddLoss(graph, Add(graph, "Gemm", "logits", [features, w, b], ("transB", 1L)), labels, withRows: true);
        return Model(graph, ("loss", []), ("correct_count", []), ("correct_rows", ["N"]));
    }

    private static void AddLoss(OnnxGraph graph, Value logits, Value labels, bool withRows)
    {
        Add(graph, "SoftmaxCrossEntropyLoss", "loss", [logits, labels], ("ignore_index", -100L));
        Value best = Add(graph, "ArgMax", "best", [logits], ("axis", 1L), ("keepdims", 0L));
        Value correct = Add(graph, "Equal", withRows ? "correct_rows" : "correct", [best, labels]);
        Add(graph, "ReduceSum", "correct_count", [Add(graph, "Cast", "correct_numbers", [correct], ("to", 7L))], ("keepdims", 0L));
    }

    // m' = 0.9 m + g;  w' = w - rate m'
    private static void Update(OnnxGraph graph, string name, Value parameter, Value gradient, Value rate, Dimension[] shape)
    {
        Value momentum = Input(graph, name + "_momentum", ElementType.Float32, shape);
        Value decay = graph.AddInitializer(name + "_decay", Tensor.Scalar((float)Momentum));
        Value next = Add(graph, "Add", name + "_momentum_new", [Add(graph, "Mul", name + "_decayed", [momentum, decay]), gradient]);
        Add(graph, "Sub", name + "_new", [parameter, Add(graph, "Mul", name + "_step", [next, rate])]);
    }

    private static OnnxModel Model(OnnxGraph graph, params (string Name, Dimension[] Shape)[] outputs)
    {
        foreach ((string name, Dimension[] shape) in outputs)
        {
            Value value = graph.Find(name)!;
            ElementType type = name switch { "correct_count" => ElementType.Int64, "correct_rows" => ElementType.Bool, _ => ElementType.Float32 };
            value.Type = new(type, new Shape(shape));
            graph.AddOutput(value);
        }

        return new(graph, 17) { IrVersion = 8 };
    }

    private static Value Input(OnnxGraph graph, string name, ElementType type, params Dimension[] shape) => graph.AddInput(name, new(type, new Shape(shape)));

    private static Value Add(OnnxGraph graph, string opType, string output, Value[] inputs, params (string Name, long Value)[] attributes) =>
        graph.AddNode(opType, inputs, [output], attributes.Select(a => KeyValuePair.Create(a.Name, AttributeValue.Of(a.Value))), name: output + "_node").Outputs[0]!;

    private static TensorSpec Spec(string name, params string[] shape) => new(name, ElementType.Float32, [.. shape]);

    private static float[] Numbers(int seed, int count)
    {
        var random = new Random(seed);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++)
            numbers[i] = (float)((random.NextDouble() * 2) - 1);
        return numbers;
    }
}
