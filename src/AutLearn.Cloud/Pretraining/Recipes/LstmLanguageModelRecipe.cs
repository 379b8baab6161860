using AutLearn.Graph;

namespace AutLearn.Cloud.Pretraining.Recipes;

/// <summary>A language model: embedding, LSTM layers with dropout around them, a linear head that may share the embedding's weights.</summary>
/// <remarks>
/// Zaremba et al. 2014, arXiv:1409.2329, for the places of dropout; Press and Wolf 2016, arXiv:1608.05859, for tying. Weights are uniform
/// in +-1/sqrt(hidden), biases 0 but for the forget gate's, which is 1 (Jozefowicz et al. 2015).
/// </remarks>
/// <param name="Vocabulary">Distinct tokens, at least 2.</param>
/// <param name="Hidden">Embedding and state size, at least 1.</param>
/// <param name="Layers">At least 1.</param>
/// <param name="IsTied">Whether the head's weights are the embedding.</param>
/// <param name="Dropout">In [0, 1).</param>
internal sealed record LstmLanguageModelRecipe(int Vocabulary, int Hidden, int Layers, bool IsTied, double Dropout)
{
    private const long Opset = 18;
    private const int Gates = 4;
    private const int ForgetGate = 2;

    /// <summary>Builds the network: <c>tokens</c> Int64 [N, T] to <c>logits</c> [N, T, vocabulary], each for the token that follows.</summary>
    public OnnxModel Build(int seed)
    {
        var graph = new OnnxGraph("lstm-lm");
        var weights = new SeededWeights(graph, seed);
        double bound = 1 / Math.Sqrt(Hidden);
        Value axis = graph.AddInitializer("direction_axis", Tensor.Vector(1L));
        Value tokens = graph.AddInput("tokens", new TensorType(ElementType.Int64, new Shape("N", "T")));
        Value embedding = weights.Uniform("embedding.weight", bound, Vocabulary, Hidden);
        Value x = Node("Gather", "embedded", [embedding, tokens]);
        x = Node("Transpose", "sequence", [Dropped(x, 0)], ("perm", AttributeValue.Of(1L, 0L, 2L)));
        for (int layer = 1; layer <= Layers; layer++)
        {
            Value w = weights.Uniform($"lstm_{layer}.weight", bound, 1, Gates * Hidden, Hidden);
            Value r = weights.Uniform($"lstm_{layer}.recurrence", bound, 1, Gates * Hidden, Hidden);
            x = Node("LSTM", $"lstm_{layer}", [x, w, r, Bias($"lstm_{layer}.bias")], ("hidden_size", AttributeValue.Of((long)Hidden)));
            x = Dropped(Node("Squeeze", $"states_{layer}", [x, axis]), layer);
        }

        x = Node("Transpose", "states", [x], ("perm", AttributeValue.Of(1L, 0L, 2L)));
        Value head = IsTied
            ? Node("Transpose", "head", [embedding], ("perm", AttributeValue.Of(1L, 0L)))
            : weights.Uniform("head.weight", bound, Hidden, Vocabulary);
        graph.AddOutput(Node("Add", "logits", [Node("MatMul", "scores", [x, head]), weights.Constant("head.bias", 0, Vocabulary)]));
        return new OnnxModel(graph, Opset) { IrVersion = 8 };

        Value Dropped(Value value, int index) =>
            Dropout == 0 ? value : Node("Dropout", $"dropped_{index}", [value, graph.AddInitializer($"dropout_ratio_{index}", Tensor.Scalar((float)Dropout))]);

        Value Bias(string name)
        {
            float[] values = new float[2 * Gates * Hidden];
            values.AsSpan(ForgetGate * Hidden, Hidden).Fill(1);
            return graph.AddInitializer(name, Tensor.Of<float>([1, values.Length], values));
        }

        Value Node(string opType, string name, Value[] inputs, params (string Name, AttributeValue Value)[] attributes) =>
            graph.AddNode(opType, inputs, [name], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)), name: $"{name}/{opType}").Outputs[0]!;
    }
}
