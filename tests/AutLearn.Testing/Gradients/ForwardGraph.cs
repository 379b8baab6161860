using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Testing.Gradients;

/// <summary>Builds the forward model of a gradient case.</summary>
public sealed class ForwardGraph
{
    public ForwardGraph(OnnxModel model) => Model = model;

    public OnnxModel Model { get; }

    public Value Op(string opType, IReadOnlyList<Value?> inputs, params (string Name, AttributeValue Value)[] attributes) =>
        Ops("", opType, 1, inputs, attributes)[0];

    public Value[] Ops(string domain, string opType, int outputCount, IReadOnlyList<Value?> inputs, params (string Name, AttributeValue Value)[] attributes)
    {
        Node node = Model.Graph.AddNode(
            opType,
            inputs.Reverse().SkipWhile(i => i is null).Reverse(),
            Enumerable.Range(0, outputCount).Select(_ => Model.Graph.UniqueName(opType)).ToArray().Select((n, i) => outputCount == 1 ? n : $"{n}:{i}"),
            attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)),
            domain);
        ShapeInference.InferNode(node, Model.Opset);
        return [.. node.Outputs.Select(o => o!)];
    }

    public Value Constant(Tensor tensor) => Model.Graph.AddInitializer(Model.Graph.UniqueName("constant"), tensor);
}
