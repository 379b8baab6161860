using AutLearn.Graph;

namespace AutLearn.Cloud.Pretraining.Recipes;

/// <summary>A text classifier: embedding, one vector of the sentence, a hidden layer, scores; with dropout before both layers.</summary>
/// <remarks>
/// The padding token fills rows up and takes no part: masks and lengths are computed from the tokens, so one input is enough. The mean is
/// that of Iyyer et al. 2015 (deep averaging networks), attention that of Yang et al. 2016 with one layer less. Weights are uniform in
/// +-sqrt(6 / (inputs + outputs)), embeddings in +-0.1, biases 0 but for the forget gate's, which is 1.
/// </remarks>
/// <param name="Vocabulary">Distinct tokens, at least 2.</param>
/// <param name="Classes">At least 2.</param>
/// <param name="Hidden">Size of embedding, state and hidden layer, at least 1.</param>
/// <param name="Pooling">How words become a sentence.</param>
/// <param name="Padding">The token that fills rows up.</param>
/// <param name="Dropout">In [0, 1).</param>
internal sealed record TextClassifierRecipe(int Vocabulary, int Classes, int Hidden, TextPooling Pooling, int Padding, double Dropout)
{
    /// <summary>The input of tokens.</summary>
    public const string Tokens = "tokens";

    private const long Opset = 18;
    private const int Gates = 4;
    private const int ForgetGate = 2;
    private const float Never = -1e9f;

    /// <summary>Builds the network: <c>tokens</c> Int64 [N, T] to <c>logits</c> [N, classes].</summary>
    public OnnxModel Build(int seed)
    {
        var graph = new OnnxGraph("text-classifier");
        var weights = new SeededWeights(graph, seed);
        Value tokens = graph.AddInput(Tokens, new TensorType(ElementType.Int64, new Shape("N", "T")));
        Value isPadding = Node("Equal", "is_padding", [tokens, Constant("padding", Tensor.Scalar((long)Padding))]);
        Value isText = Node("Not", "is_text", [isPadding]);
        Value x = Node("Gather", "embedded", [weights.Uniform("embedding.weight", 0.1, Vocabulary, Hidden), tokens]);
        x = Pooling switch
        {
            TextPooling.Mean => Mean(x),
            TextPooling.Attention => Attention(x),
            _ => LastState(x),
        };
        x = Node("Relu", "features", [Dense("hidden", Dropped(x, 0), Hidden, Hidden)]);
        graph.AddOutput(Dense("classifier", Dropped(x, 1), Hidden, Classes, "logits"));
        return new OnnxModel(graph, Opset) { IrVersion = 8 };

        // An empty text has no word: its sum of nothing is divided by one.
        Value Mean(Value words)
        {
            Value mask = Node("Cast", "mask", [isText], ("to", AttributeValue.Of((long)ElementType.Float32)));
            Value count = Node("Max", "count", [Node("ReduceSum", "words", [mask, Constant("time", Tensor.Vector(1L))]), Constant("one", Tensor.Scalar(1f))]);
            Value text = Node("Mul", "text", [words, Node("Unsqueeze", "mask_column", [mask, Constant("last", Tensor.Vector(2L))])]);
            return Node("Div", "mean", [Node("ReduceSum", "sum", [text, Constant("time_of_sum", Tensor.Vector(1L))], ("keepdims", AttributeValue.Of(0L))), count]);
        }

        Value Attention(Value words)
        {
            Value score = Node("MatMul", "attention", [words, weights.Uniform("attention.weight", Math.Sqrt(6.0 / (Hidden + 1)), Hidden, 1)]);
            Value bias = Node("Mul", "padding_bias", [Node("Cast", "padding_mask", [isPadding], ("to", AttributeValue.Of((long)ElementType.Float32))), Constant("never", Tensor.Scalar(Never))]);
            Value masked = Node("Add", "masked_attention", [score, Node("Unsqueeze", "padding_column", [bias, Constant("last", Tensor.Vector(2L))])]);
            Value weight = Node("Softmax", "attention_weights", [masked], ("axis", AttributeValue.Of(1L)));
            return Node("ReduceSum", "attended", [Node("Mul", "weighted", [words, weight]), Constant("time", Tensor.Vector(1L))], ("keepdims", AttributeValue.Of(0L)));
        }

        Value LastState(Value words)
        {
            Value count = Node("ReduceSum", "words", [Node("Cast", "mask", [isText], ("to", AttributeValue.Of((long)ElementType.Int32))), Constant("time", Tensor.Vector(1L))], ("keepdims", AttributeValue.Of(0L)));
            double bound = 1 / Math.Sqrt(Hidden);
            float[] bias = new float[2 * Gates * Hidden];
            bias.AsSpan(ForgetGate * Hidden, Hidden).Fill(1);
            Value[] outputs = [.. graph.AddNode(
                "LSTM",
                [
                    Node("Transpose", "sequence", [words], ("perm", AttributeValue.Of(1L, 0L, 2L))),
                    weights.Uniform("lstm.weight", bound, 1, Gates * Hidden, Hidden),
                    weights.Uniform("lstm.recurrence", bound, 1, Gates * Hidden, Hidden),
                    Constant("lstm.bias", Tensor.Of<float>([1, bias.Length], bias)),
                    count,
                ],
                ["", "lstm_state"],
                [KeyValuePair.Create("hidden_size", AttributeValue.Of((long)Hidden))],
                name: "lstm/LSTM").Outputs.OfType<Value>()];
            return Node("Squeeze", "state", [outputs[^1], Constant("direction", Tensor.Vector(0L))]);
        }

        Value Dropped(Value value, int index) =>
            Dropout == 0 ? value : Node("Dropout", $"dropped_{index}", [value, Constant($"dropout_ratio_{index}", Tensor.Scalar((float)Dropout))]);

        Value Dense(string name, Value input, int inputs, int outputs, string? output = null) => Node(
            "Gemm",
            output ?? $"{name}_out",
            [input, weights.Uniform($"{name}.weight", Math.Sqrt(6.0 / (inputs + outputs)), outputs, inputs), weights.Constant($"{name}.bias", 0, outputs)],
            ("transB", AttributeValue.Of(1L)));

        Value Constant(string name, Tensor value) => graph.AddInitializer(name, value);

        Value Node(string opType, string name, Value[] inputs, params (string Name, AttributeValue Value)[] attributes) =>
            graph.AddNode(opType, inputs, [name], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)), name: $"{name}/{opType}").Outputs[0]!;
    }
}
