using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>The loss nodes that the retired Python tool writes.</summary>
internal static class OnnxBlockLosses
{
    public static Func<OnnxBlockSet, OnnxGraph, Value, Value> CrossEntropy(ElementType labels = ElementType.Int64, long? ignored = null, float[]? weights = null, string reduction = "mean") => (set, graph, scores) =>
    {
        Value y = graph.AddInput("labels", new TensorType(labels, new Shape(scores.Shape!.Where((_, i) => i != 1))));
        var attributes = new List<KeyValuePair<string, AttributeValue>> { new("reduction", AttributeValue.Of(reduction)) };
        if (ignored is { } index)
            attributes.Add(new("ignore_index", AttributeValue.Of(index)));
        Value[] inputs = weights is null ? [scores, y] : [scores, y, graph.AddInitializer(set.Name("celoss.weight"), Tensor.Vector<float>(weights))];
        return graph.AddNode("SoftmaxCrossEntropyLoss", inputs, [set.Name("loss"), set.Name("log_prob")], attributes, name: set.Name("SoftmaxCrossEntropyLoss")).Output(0)!;
    };

    // As losses of language models are written by hand: all positions one below the other.
    public static Value PositionsBelow(OnnxBlockSet set, OnnxGraph graph, Value scores)
    {
        Value y = graph.AddInput("labels", new TensorType(ElementType.Int64, new Shape(scores.Shape!.SkipLast(1))));
        Value flat = Op(set, graph, "Reshape", scores, graph.AddInitializer(set.Name("shape"), Tensor.Vector(-1L, scores.Shape![scores.Shape.Rank - 1].Size)));
        Value flatLabels = Op(set, graph, "Reshape", y, graph.AddInitializer(set.Name("shape"), Tensor.Vector(-1L)));
        return graph.AddNode("SoftmaxCrossEntropyLoss", [flat, flatLabels], [set.Name("loss")]).Output(0)!;
    }

    public static Value LogLikelihood(OnnxBlockSet set, OnnxGraph graph, Value scores)
    {
        Value y = graph.AddInput("labels", new TensorType(ElementType.Int64, new Shape("N")));
        return Op(set, graph, "NegativeLogLikelihoodLoss", graph.AddNode("LogSoftmax", [scores], [set.Name("log")], [new("axis", AttributeValue.Of(1L))]).Output(0)!, y);
    }

    public static Value MeanSquared(OnnxBlockSet set, OnnxGraph graph, Value scores)
    {
        Value difference = Op(set, graph, "Sub", scores, Target(graph, scores));
        return Op(set, graph, "ReduceMean", Op(set, graph, "Pow", difference, Number(set, graph, "pow_exponent", 2)));
    }

    public static Value SummedSquares(OnnxBlockSet set, OnnxGraph graph, Value scores)
    {
        Value difference = Op(set, graph, "Sub", scores, Target(graph, scores));
        return Op(set, graph, "ReduceSum", Op(set, graph, "Pow", difference, Number(set, graph, "pow_exponent", 2)));
    }

    public static Value MeanAbsolute(OnnxBlockSet set, OnnxGraph graph, Value scores) =>
        Op(set, graph, "ReduceMean", Op(set, graph, "Abs", Op(set, graph, "Sub", scores, Target(graph, scores))));

    public static Func<OnnxBlockSet, OnnxGraph, Value, Value> BinaryCrossEntropy(float? weight = null, float? positive = null) => (set, graph, scores) =>
    {
        Value one = Number(set, graph, "bceloss.sub_ones", 1), another = Number(set, graph, "bceloss.sub_ones", 1);
        Value target = Target(graph, scores);
        Value sigmoid = Op(set, graph, "Sigmoid", scores);
        Value yes = Op(set, graph, "Mul", Op(set, graph, "Log", sigmoid), target);
        if (positive is { } p)
            yes = Op(set, graph, "Mul", yes, Number(set, graph, "bceloss.pos_weight", p));
        Value no = Op(set, graph, "Mul", Op(set, graph, "Log", Op(set, graph, "Sub", one, sigmoid)), Op(set, graph, "Sub", another, target));
        Value loss = Op(set, graph, "Neg", Op(set, graph, "Add", yes, no));
        if (weight is { } w)
            loss = Op(set, graph, "Mul", Number(set, graph, "bceloss.weight", w), loss);
        return Op(set, graph, "ReduceMean", loss);
    };

    public static Value Op(OnnxBlockSet set, OnnxGraph graph, string opType, params Value[] inputs) =>
        graph.AddNode(opType, inputs, [set.Name($"{opType.ToLowerInvariant()}_output")], name: set.Name(opType)).Output(0)!;

    private static Value Target(OnnxGraph graph, Value scores) => graph.AddInput("target", scores.Type);

    private static Value Number(OnnxBlockSet set, OnnxGraph graph, string name, float number) => graph.AddInitializer(set.Name(name), Tensor.Vector(number));
}
