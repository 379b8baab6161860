using AutLearn.Cloud.Tables;
using AutLearn.Graph;

namespace AutLearn.Cloud.Pretraining.Recipes;

/// <summary>A multi-layer perceptron over a table of numbers, which scales features, and numbers to predict, by itself.</summary>
/// <remarks>
/// The input is as it stands in the table: the graph takes the mean of each column off and divides by its deviation, and gives predicted numbers
/// in their own unit, so that nothing but the network must travel. Rectifiers between layers; weights as in He et al. 2015, arXiv:1502.01852.
/// </remarks>
/// <param name="Hidden">The width of the layers, at least 1.</param>
/// <param name="Layers">The hidden layers, at least 0.</param>
/// <param name="Dropout">In [0, 1).</param>
/// <param name="Objective">What the outputs are.</param>
internal sealed record PerceptronRecipe(int Hidden, int Layers, double Dropout, TableObjective Objective)
{
    private const long Opset = 18;

    private static readonly string[] Scales = ["feature_mean", "feature_deviation", "target_mean", "target_deviation"];

    /// <summary>Builds the network: <c>features</c> Float32 [N, F] to <c>prediction</c> [N, K], or to <c>logits</c> and <c>probabilities</c>.</summary>
    /// <param name="rows">The rows that scales are taken from.</param>
    /// <param name="targets">Their numbers to predict; empty for tags and classes.</param>
    /// <param name="outputs">The number of outputs, at least 1.</param>
    /// <param name="seed">Decides the weights.</param>
    public OnnxModel Build(IReadOnlyList<float[]> rows, IReadOnlyList<float[]> targets, int outputs, int seed)
    {
        var graph = new OnnxGraph("mlp");
        var weights = new SeededWeights(graph, seed);
        int width = rows[0].Length;
        Value x = graph.AddInput("features", new TensorType(ElementType.Float32, new Shape("N", width)));
        (float[] mean, float[] deviation) = MomentsOf(rows);
        x = Node("Sub", "centred", [x, Constant("feature_mean", mean)]);
        x = Node("Div", "scaled", [x, Constant("feature_deviation", deviation)]);
        for (int layer = 1; layer <= Layers; layer++)
        {
            x = Node("Relu", $"hidden_{layer}", [Dense(x, $"layer_{layer}", width, Hidden, $"layer_{layer}.sum", Math.Sqrt(2))]);
            if (Dropout > 0)
                x = Node("Dropout", $"dropped_{layer}", [x, graph.AddInitializer($"dropout_ratio_{layer}", Tensor.Scalar((float)Dropout))]);
            width = Hidden;
        }

        if (Objective == TableObjective.Numbers)
        {
            (mean, deviation) = MomentsOf(targets);
            x = Node("Mul", "spread", [Dense(x, "head", width, outputs, "standardised", 1), Constant("target_deviation", deviation)]);
            graph.AddOutput(Node("Add", "prediction", [x, Constant("target_mean", mean)]));
        }
        else
        {
            Value logits = Dense(x, "head", width, outputs, "logits", 1);
            graph.AddOutput(logits);
            graph.AddOutput(Objective == TableObjective.Tags
                ? Node("Sigmoid", "probabilities", [logits])
                : graph.AddNode("Softmax", [logits], ["probabilities"], [new("axis", AttributeValue.Of(1L))]).Outputs[0]!);
        }

        return new OnnxModel(graph, Opset) { IrVersion = 8 };

        Value Constant(string name, float[] values) => Join(graph, name, values);

        Value Node(string op, string name, Value[] inputs) => graph.AddNode(op, inputs, [name], name: $"{name}/{op}").Outputs[0]!;

        Value Dense(Value input, string name, int inputs, int results, string output, double gain) => Node(
            "Gemm", output, [input, weights.Normal($"{name}.weight", gain / Math.Sqrt(inputs), inputs, results), weights.Constant($"{name}.bias", 0, results)]);
    }

    /// <summary>Makes the scales of a network that this recipe began constants that no training takes for weights: files hold each in one piece.</summary>
    public static void KeepScales(OnnxModel model)
    {
        OnnxGraph graph = model.Graph;
        foreach (string name in Scales)
        {
            if (graph.Find(name) is not { IsConstant: true, ElementType: ElementType.Float32, Shape.Rank: 1 } scale)
                continue;
            graph.Rename(scale, graph.UniqueName($"{name}/whole"));
            graph.ReplaceAllUses(scale, Join(graph, name, scale.Initializer!.Span<float>()));
        }

        graph.SortTopologically();
    }

    // Lone numbers are no parameters, whatever is made of them.
    private static Value Join(OnnxGraph graph, string name, ReadOnlySpan<float> values)
    {
        var numbers = new Value[values.Length];
        for (int i = 0; i < values.Length; i++)
            numbers[i] = graph.AddInitializer(graph.UniqueName($"{name}_{i + 1}"), Tensor.Vector<float>(values[i]));
        return graph.AddNode("Concat", numbers, [name], [new("axis", AttributeValue.Of(0L))], name: $"{name}/Concat").Outputs[0]!;
    }

    // A column that never changes says nothing, and stays as it is.
    private static (float[] Mean, float[] Deviation) MomentsOf(IReadOnlyList<float[]> rows)
    {
        int width = rows[0].Length;
        float[] mean = new float[width], deviation = new float[width];
        for (int c = 0; c < width; c++)
        {
            double average = rows.Average(r => (double)r[c]);
            double spread = Math.Sqrt(rows.Average(r => (r[c] - average) * (r[c] - average)));
            (mean[c], deviation[c]) = ((float)average, spread > 1e-12 * Math.Max(1, Math.Abs(average)) ? (float)spread : 1);
        }

        return (mean, deviation);
    }
}
