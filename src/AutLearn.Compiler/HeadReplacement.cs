using System.Collections.Immutable;
using AutLearn.Graph;

namespace AutLearn.Compiler;

/// <summary>Gives a pretrained classifier a fresh last layer for other classes.</summary>
/// <remarks>
/// The classifier is the last Gemm or MatMul with constant weights on the way to the outputs. What it reads (the features, [N, K]) stays;
/// it and all that follows are replaced by one Gemm and, where a Softmax followed before, a Softmax. Outputs before the classifier stay as
/// they are, and the names of the logits, the probabilities, the weight and the bias are kept.
/// </remarks>
public static class HeadReplacement
{
    /// <summary>Replaces the last layer.</summary>
    /// <param name="model">The model, which is changed.</param>
    /// <param name="classes">The number of new classes, at least 2.</param>
    /// <param name="seed">Equal seeds give equal weights.</param>
    /// <returns>The new logits: an output, Float32, shape [N, classes].</returns>
    /// <exception cref="InvalidModelException">The model has no such classifier, or its features are not one vector a sample.</exception>
    /// <remarks>
    /// Weights are uniform in plus or minus 1/sqrt(K) (LeCun et al., "Efficient BackProp", 1998, section 4.6, up to a constant), the bias is zero.
    /// </remarks>
    public static Value Replace(OnnxModel model, int classes, int seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        Node classifier = FindClassifier(graph);
        Value features = classifier.Inputs[0]!;
        Value weight = classifier.Inputs[1]!;
        bool isTransposed = classifier.Is("Gemm") && classifier.GetInt("transB", 0) != 0;
        long width = weight.Initializer!.Dimensions[isTransposed ? 1 : 0];
        HashSet<Node> replaced = Successors(classifier);
        (string? logitsName, string? probabilitiesName) = OutputNames(graph, classifier, replaced);
        string? biasName = ConstantNames(classifier).Concat(replaced.Where(n => n.Is("Add")).SelectMany(ConstantNames)).FirstOrDefault(n => n != weight.Name);
        string weightName = weight.Name;

        RemoveAll(graph, replaced);
        Value newWeight = graph.AddInitializer(graph.UniqueName(weightName), UniformWeights(classes, width, seed));
        Value newBias = graph.AddInitializer(graph.UniqueName(biasName ?? "classifier.bias"), Tensor.Of<float>([classes], new float[classes]));
        Node gemm = graph.AddNode(
            "Gemm", [features, newWeight, newBias], [graph.UniqueName(logitsName ?? "logits")], [new("transB", AttributeValue.Of(1L))], name: graph.UniqueName("classifier"));
        Value logits = gemm.Outputs[0]!;
        logits.Type = new TensorType(ElementType.Float32, new Shape(features.Shape?[0] ?? Dimension.Unknown, classes));
        graph.AddOutput(logits);
        if (probabilitiesName is not null)
        {
            Node softmax = graph.AddNode("Softmax", [logits], [graph.UniqueName(probabilitiesName)], [new("axis", AttributeValue.Of(1L))], name: graph.UniqueName("probabilities"));
            softmax.Outputs[0]!.Type = logits.Type;
            graph.AddOutput(softmax.Outputs[0]!);
        }

        return logits;
    }

    private static Node FindClassifier(OnnxGraph graph)
    {
        Node? classifier = graph.Nodes.LastOrDefault(n => (n.Is("Gemm") || n.Is("MatMul")) && n.Input(1)?.Initializer is not null && n.Input(0)?.Initializer is null);
        if (classifier is null)
            throw new InvalidModelException("The model has no Gemm or MatMul with constant weights that a new head could replace.");
        Tensor weight = classifier.Inputs[1]!.Initializer!;
        int? rank = classifier.Inputs[0]!.Shape?.Rank;
        if (weight.ElementType != ElementType.Float32 || weight.Dimensions.Length != 2 || (rank is not null && rank != 2)
            || (classifier.Is("Gemm") && (classifier.GetInt("transA", 0) != 0 || classifier.GetFloat("alpha", 1) != 1)))
        {
            throw new InvalidModelException($"Node '{classifier.DisplayName}' ({classifier.OpType}) is no plain Float32 classifier of one feature vector a sample.")
            {
                NodeName = classifier.DisplayName,
            };
        }

        return classifier;
    }

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
            if (producer.Is("Softmax"))
                probabilities ??= output.Name;
            else if (ReferenceEquals(producer, classifier) || producer.Is("Add") || producer.Is("Identity"))
                logits ??= output.Name;
        }

        return (logits, probabilities);
    }

    private static IEnumerable<string> ConstantNames(Node node) =>
        node.Inputs.Where(i => i?.IsConstant == true).Select(i => i!.Name);

    private static void RemoveAll(OnnxGraph graph, HashSet<Node> replaced)
    {
        foreach (Value output in graph.Outputs.Where(o => o.Producer is { } p && replaced.Contains(p)).ToArray())
            graph.RemoveOutput(output);
        ImmutableArray<Value> read = [.. replaced.SelectMany(n => n.Inputs).OfType<Value>().Distinct()];
        graph.RemoveAll(replaced);
        foreach (Value value in read)
        {
            if (value.IsConstant && value.Uses.Count == 0 && !value.IsOutput)
                graph.Remove(value);
        }
    }

    private static Tensor UniformWeights(int classes, long width, int seed)
    {
        var random = new Random(seed);
        double bound = 1 / Math.Sqrt(Math.Max(1, width));
        float[] values = new float[checked(classes * width)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(bound * ((2 * random.NextDouble()) - 1));
        return Tensor.Of<float>([classes, width], values);
    }
}
