using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler;

/// <summary>Gives a pretrained classifier a fresh last layer for other classes.</summary>
/// <remarks>
/// The classifier is the last product with constant weights on the way to the outputs: a Gemm, a MatMul or a convolution whose maps are
/// averaged, of one point, or are themselves the output. Its weights may stand anywhere that constants do, as integers too. What it reads, the features,
/// stays; it and all that follows are replaced by one product with bias and, where a Softmax followed before, a Softmax. Feature maps are averaged over
/// their points first where the old classifier's were; else there are scores for each point, with the classes last.
/// Outputs before the classifier stay as they are, and the names of the logits, the probabilities, the weight and the bias are kept.
/// </remarks>
public static class HeadReplacement
{
    /// <summary>Replaces the last layer.</summary>
    /// <param name="model">The model, which is changed; shapes that are not declared are inferred.</param>
    /// <param name="classes">The number of new classes, at least 2.</param>
    /// <param name="seed">Equal seeds give equal weights.</param>
    /// <returns>The new logits: an output, Float32, shape [N, classes], or [N, ..., classes] where the features are one vector for each of several places.</returns>
    /// <exception cref="InvalidModelException">The model has no such classifier, or its features are not vectors.</exception>
    /// <remarks>
    /// Weights are uniform in plus or minus 1/sqrt(K) (LeCun et al., "Efficient BackProp", 1998, section 4.6, up to a constant), the bias is zero.
    /// </remarks>
    public static Value Replace(OnnxModel model, int classes, int seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        OnnxGraph graph = model.Graph;
        ShapeInference.Infer(model, DeclaredShapes.Hints);
        Node classifier = FindClassifier(graph);
        HashSet<Node> replaced = Successors(classifier);
        Value features = FeaturesOf(graph, classifier);
        bool areMaps = IsConvolution(classifier), areAveraged = areMaps && AreAveraged(classifier, replaced);
        long width = WidthOf(classifier, features, areMaps && !areAveraged, replaced);
        (string? logitsName, string? probabilitiesName) = OutputNames(graph, classifier, replaced);
        string weightName = ConstantExpressions.NameOf(WeightOf(classifier));
        string biasName = (classifier.Input(2) is { } bias && ConstantNames(classifier).Contains(bias.Name) ? bias.Name : null)
            ?? replaced.Where(n => n.Is("Add")).SelectMany(ConstantNames).FirstOrDefault(n => n != weightName)
            ?? "classifier.bias";

        RemoveAll(graph, replaced);
        var builder = new GraphBuilder(graph, model.Opset) { NameStem = "classifier" };
        Value vectors = Vectors(builder, features, areMaps, areAveraged);
        Value newWeight = graph.AddInitializer(graph.UniqueName(weightName), UniformWeights(classes, width, seed, vectors.Shape!.Rank == 2));
        Value newBias = graph.AddInitializer(graph.UniqueName(biasName), Tensor.Of<float>([classes], new float[classes]));
        Value logits = Product(builder, vectors, newWeight, newBias);
        graph.Rename(logits, graph.UniqueName(logitsName ?? "logits"));
        logits.Type = new TensorType(ElementType.Float32, vectors.Shape!.With(vectors.Shape.Rank - 1, classes));
        graph.AddOutput(logits);
        if (probabilitiesName is not null)
        {
            Node softmax = graph.AddNode("Softmax", [logits], [graph.UniqueName(probabilitiesName)], [new("axis", AttributeValue.Of((long)vectors.Shape.Rank - 1))], name: graph.UniqueName("probabilities"));
            softmax.Outputs[0]!.Type = logits.Type;
            graph.AddOutput(softmax.Outputs[0]!);
        }

        // In older formats every constant is an input too, which nobody gives.
        model.IrVersion = Math.Max(model.IrVersion, 4);
        return logits;
    }

    private static Value Product(GraphBuilder builder, Value vectors, Value weight, Value bias) => vectors.Shape!.Rank == 2
        ? builder.Op("Gemm", [vectors, weight, bias], ("transB", AttributeValue.Of(1L)))
        : builder.Add(builder.MatMul(vectors, weight), bias);

    // One Float32 vector a sample, or one for each of its places, last.
    private static Value Vectors(GraphBuilder builder, Value features, bool areMaps, bool areAveraged)
    {
        if (!areMaps)
            return builder.Widened(features);
        int rank = features.Shape!.Rank;
        return builder.Widened(areAveraged
            ? builder.Op("Flatten", [builder.Op("GlobalAveragePool", [features])], ("axis", AttributeValue.Of(1L)))
            : builder.Transpose(features, [0, .. Enumerable.Range(2, rank - 2).Select(a => (long)a), 1]));
    }

    private static bool IsConvolution(Node node) => node.OpType is "Conv" or "QLinearConv" or "ConvInteger" or "FusedConv";

    // What the classifier reads, before it was rounded to integers.
    private static Value FeaturesOf(OnnxGraph graph, Node classifier)
    {
        Value read = classifier.Inputs[0]!;
        if (read.ElementType.IsFloatingPoint())
            return read;
        if (read.Producer is { } quantize && quantize.OpType is "QuantizeLinear" or "DynamicQuantizeLinear")
            return quantize.Inputs[0]!;
        if (classifier.OpType is not ("QLinearMatMul" or "QLinearConv" or "QGemm"))
            return read;
        Value restored = graph.AddNode("DequantizeLinear", [read, classifier.Inputs[1], classifier.Inputs[2]], [graph.UniqueName($"{read.Name}/restored")]).Outputs[0]!;
        restored.Type = new TensorType(ElementType.Float32, read.Shape);
        return restored;
    }

    private static Node FindClassifier(OnnxGraph graph)
    {
        HashSet<Value> computed = ConstantExpressions.In(graph);
        return graph.Nodes.LastOrDefault(n => WeightedOperators.MatrixOf(n) is { } at && n.Input(0) is { } x && n.Input(at) is { } w && IsConstant(w) && !IsConstant(x))
            ?? throw new InvalidModelException("The model has no Gemm, MatMul or Conv with constant weights that a new head could replace.");

        bool IsConstant(Value value) => value.Initializer is not null || computed.Contains(value);
    }

    private static Value WeightOf(Node classifier) => classifier.Inputs[WeightedOperators.MatrixOf(classifier)!.Value]!;

    private static long WidthOf(Node classifier, Value features, bool isForEachPoint, HashSet<Node> replaced)
    {
        if (features.Shape is not { Rank: >= 2 } shape)
            throw Unfit(classifier, $"its features '{features.Name}' are {features.Type?.ToString() ?? "of unknown type"}, not one vector or more a sample");
        if (!features.ElementType.IsFloatingPoint())
            throw Unfit(classifier, $"its features '{features.Name}' are {features.ElementType} numbers; quantise the model so that the layers before the classifier stay floating point");
        if (classifier.GetInt("transA", 0) != 0)
            throw Unfit(classifier, "it reads its features transposed");
        if (isForEachPoint && replaced.FirstOrDefault(n => n.OpType is "Concat" or "NonMaxSuppression" or "TopK") is { } joined)
            throw Unfit(classifier, $"it is one of several whose maps '{joined.DisplayName}' ({joined.OpType}) joins, as networks for detection do. Train its own layers (--last) on labels of its outputs' shape");
        bool isConvolution = IsConvolution(classifier);
        Dimension width = shape[isConvolution ? 1 : shape.Rank - 1];
        if (width.IsKnown)
            return width.Size;

        // Shape arithmetic that cannot be followed hides the features; the weights tell their length as well.
        Shape? weight = WeightOf(classifier).Shape;
        int at = isConvolution || (classifier.OpType.EndsWith("Gemm", StringComparison.Ordinal) && classifier.GetInt("transB", 0) != 0) ? 1 : 0;
        return weight is { Rank: >= 2 } && weight[at].IsKnown && classifier.GetInt("group", 1) == 1
            ? weight[at].Size
            : throw Unfit(classifier, $"the length of its features '{features.Name}' {shape} is not known");
    }

    // The maps become one number each: by a pool behind the classifier, or since they are single points already.
    private static bool AreAveraged(Node classifier, HashSet<Node> replaced) =>
        replaced.Any(n => n.Domain.Length == 0 && n.OpType is "GlobalAveragePool" or "ReduceMean" or "AveragePool" or "GlobalMaxPool" or "Gemm" or "MatMul")
        || (classifier.Outputs[0]!.Shape is { Rank: > 2 } maps && maps.Skip(2).All(d => d.Is(1)));

    private static InvalidModelException Unfit(Node node, string why) =>
        new($"Node '{node.DisplayName}' ({node.OpType}) cannot be replaced by a new head: {why}.") { NodeName = node.DisplayName };

    private static HashSet<Node> Successors(Node start)
    {
        var found = new HashSet<Node> { start };
        var pending = new Stack<Node>([start]);
        while (pending.TryPop(out Node? node))
        {
            foreach (ValueUse use in node.Outputs.SelectMany(o => o?.Uses ?? []))
            {
                if (!ReferenceEquals(use.Node.Owner, start.Owner))
                    throw new InvalidModelException($"Node '{use.Node.DisplayName}' ({use.Node.OpType}) reads the classifier from inside a subgraph; a new head cannot be placed.") { NodeName = use.Node.DisplayName };
                if (found.Add(use.Node))
                    pending.Push(use.Node);
            }
        }

        return found;
    }

    private static (string? Logits, string? Probabilities) OutputNames(OnnxGraph graph, Node classifier, HashSet<Node> replaced)
    {
        string? logits = null;
        string? probabilities = null;
        foreach (Value output in graph.Outputs)
        {
            if (output.Producer is not { } producer || !replaced.Contains(producer))
                continue;
            if (IsBehind(output, "Softmax"))
                probabilities ??= output.Name;
            else if (!IsBehind(output, "LogSoftmax") && !IsBehind(output, "Sigmoid") && !IsBehind(output, "ArgMax"))
                logits ??= output.Name;
        }

        return (logits, probabilities);
    }

    private static bool IsBehind(Value output, string activation)
    {
        Value? value = output;
        while (value?.Producer is { Domain: "", OpType: "Identity" or "Reshape" or "Flatten" or "Squeeze" or "Cast" } moved)
            value = moved.Input(0);
        return value?.Producer?.Is(activation) == true;
    }

    private static IEnumerable<string> ConstantNames(Node node) =>
        node.Inputs.Where(i => i?.Initializer is not null).Select(i => i!.Name);

    private static void RemoveAll(OnnxGraph graph, HashSet<Node> replaced)
    {
        HashSet<Value> computed = ConstantExpressions.In(graph);
        foreach (Value output in graph.Outputs.Where(o => o.Producer is { } p && replaced.Contains(p)).ToArray())
            graph.RemoveOutput(output);
        graph.RemoveAll(replaced);

        // What only held or moved the old weights goes too.
        foreach (Node node in graph.Nodes.Reverse().ToArray())
        {
            if (node.Outputs.All(o => o is null || (computed.Contains(o) && o.Uses.Count == 0 && !o.IsOutput)))
                graph.Remove(node);
        }

        foreach (Value value in graph.Initializers.Where(v => v.Uses.Count == 0 && !v.IsOutput).ToArray())
            graph.Remove(value);
    }

    // [classes, width] for a Gemm, [width, classes] for a MatMul
    private static Tensor UniformWeights(int classes, long width, int seed, bool isTransposed)
    {
        var random = new Random(seed);
        double bound = 1 / Math.Sqrt(Math.Max(1, width));
        float[] values = new float[checked(classes * width)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(bound * ((2 * random.NextDouble()) - 1));
        return Tensor.Of<float>(isTransposed ? [classes, width] : [width, classes], values);
    }
}
