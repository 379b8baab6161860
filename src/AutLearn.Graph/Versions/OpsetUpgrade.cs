using System.Collections.Frozen;
using System.Collections.Immutable;
using AutLearn.Graph.Inference;

namespace AutLearn.Graph.Versions;

/// <summary>Raises models of older opsets to one canonical opset with the same meaning.</summary>
/// <remarks>Passes and gradient rules behind this one see a single form of each operator: axes, ratios, bounds and pads as inputs.</remarks>
public static class OpsetUpgrade
{
    /// <summary>The opset that older models are raised to; newer models stay as they are.</summary>
    public const long Canonical = 18;

    private const long Oldest = 1;

    private static readonly FrozenDictionary<string, Action<NodeUpgrade>> Rules = new Dictionary<string, Action<NodeUpgrade>>
    {
        ["BatchNormalization"] = BatchNormalization,
        ["Clip"] = u => u.Before(11, () => u.MoveFloats("min", "max")),
        ["Dropout"] = Dropout,
        ["Hardmax"] = Softmax,
        ["LogSoftmax"] = Softmax,
        ["Pad"] = Pad,
        ["ReduceL1"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["ReduceL2"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["ReduceLogSum"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["ReduceLogSumExp"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["ReduceMax"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["ReduceMean"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["ReduceMin"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["ReduceProd"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["ReduceSum"] = u => u.Before(13, () => u.MoveInts("axes")),
        ["ReduceSumSquare"] = u => u.Before(18, () => u.MoveInts("axes")),
        ["Resize"] = Resize,
        ["Scan"] = u => u.Before(9, () => u.Refuse("its batched form of opset 8 has no counterpart")),
        ["Scatter"] = u => u.Rebuild("ScatterElements", u.Inputs),
        ["Slice"] = u => u.Before(10, () => u.MoveInts("starts", "ends", "axes")),
        ["Softmax"] = Softmax,
        ["Split"] = Split,
        ["Squeeze"] = u => u.Before(13, () => u.MoveInts("axes")),
        ["TopK"] = TopK,
        ["Unsqueeze"] = u => u.Before(13, () => u.MoveInts("axes")),
        ["Upsample"] = Upsample,
    }.ToFrozenDictionary();

    /// <summary>Raises a model in place.</summary>
    /// <param name="model">A model of any opset.</param>
    /// <param name="cancellationToken">Checked at each node; the model is of no further use after a cancellation.</param>
    /// <returns>True if the model was changed.</returns>
    /// <exception cref="InvalidModelException">Nodes have no equal form in the canonical opset; all are named.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static bool Apply(OnnxModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.OpsetImports.GetValueOrDefault("", Oldest) < Oldest)
            throw new InvalidModelException($"The model is of opset {model.Opset}; opset {Oldest} is the oldest that can be read. Export it again.");
        var refused = new List<string>();
        bool changed = false;

        // A model of other domains alone; what is added to it is of the default one.
        if (!model.OpsetImports.ContainsKey(""))
            (model.Opset, changed) = (Canonical, true);
        if (model.Opset < Canonical)
        {
            model.Graph.SortTopologically();
            if (model.Opset < LegacyUpgrade.Target)
            {
                LegacyUpgrade.Apply(model.Graph, model.Opset, refused, cancellationToken);
                ThrowIfRefused(refused);
                model.Opset = LegacyUpgrade.Target;
            }

            ShapeInference.Infer(model, DeclaredShapes.Hints, cancellationToken);
            Apply(model.Graph, model.Opset, refused);
            model.Opset = Canonical;
            changed = true;
        }

        model.Functions = [.. model.Functions.Select(f => Raise(f, refused, ref changed))];
        ThrowIfRefused(refused);
        if (changed)
            model.IrVersion = Math.Max(model.IrVersion, 8);
        return changed;
    }

    private static void ThrowIfRefused(List<string> refused)
    {
        if (refused.Count > 0)
            throw new InvalidModelException($"{refused.Count} nodes cannot be raised to opset {Canonical}: {string.Join("; ", refused)}. Export the model with a newer opset.");
    }

    private static OnnxFunction Raise(OnnxFunction function, List<string> refused, ref bool changed)
    {
        if (!function.OpsetImports.TryGetValue("", out long opset) || opset >= Canonical)
            return function;
        Apply(function.Body, opset, refused);
        changed = true;
        return function with { OpsetImports = function.OpsetImports.SetItem("", Canonical) };
    }

    private static void Apply(OnnxGraph graph, long opset, List<string> refused)
    {
        foreach (Node node in graph.Nodes.ToArray())
        {
            foreach (OnnxGraph subgraph in node.Subgraphs())
                Apply(subgraph, opset, refused);
            if (node.Domain.Length == 0 && Rules.TryGetValue(node.OpType, out Action<NodeUpgrade>? rule))
                rule(new NodeUpgrade(node, opset, refused));
        }

        graph.SortTopologically();
    }

    // Before opset 14 the mode followed from the number of outputs; the saved statistics have no counterpart.
    private static void BatchNormalization(NodeUpgrade u)
    {
        if (u.Opset >= 14)
            return;
        if (u.Node.GetInt("spatial", 1) == 0)
        {
            u.Refuse("it normalises each element (spatial = 0)");
            return;
        }

        u.Node.RemoveAttribute("spatial");
        if (u.Node.Outputs.Count > 1)
        {
            if (u.Node.Outputs.Skip(1).Any(o => o is not null && (o.Uses.Count > 0 || o.IsOutput)))
                u.Refuse("it uses the statistics of training");
            else
                u.Rebuild("BatchNormalization", u.Inputs);
        }
    }

    private static void Dropout(NodeUpgrade u)
    {
        if (u.Opset >= 12)
            return;
        float ratio = u.Node.GetFloat("ratio", 0.5f);
        u.Node.RemoveAttribute("ratio");
        if (u.Node.Output(1) is { } mask)
        {
            if (u.Opset < 10 && (mask.Uses.Count > 0 || mask.IsOutput))
            {
                u.Refuse("its mask was a number before opset 10");
                return;
            }

            mask.Type = new TensorType(ElementType.Bool, mask.Shape);
        }

        u.SetInput(1, Tensor.Scalar(ratio));
    }

    private static void Pad(NodeUpgrade u)
    {
        if (u.Opset >= 11)
            return;
        float value = u.Node.GetFloat("value", 0);
        u.MoveInts("pads");
        u.Node.RemoveAttribute("value");
        if (value != 0)
            u.SetInput(2, Tensor.Scalar(value));
    }

    // Before opset 13 everything from the axis on was one long row.
    private static void Softmax(NodeUpgrade u)
    {
        if (u.Opset >= 13)
            return;
        long axis = u.Node.GetInt("axis", 1);
        if (u.Node.Input(0)?.Shape is { } shape && (axis < 0 ? axis + shape.Rank : axis) == shape.Rank - 1)
        {
            u.Node.SetAttribute("axis", AttributeValue.Of(-1L));
            return;
        }

        u.RebuildFlattened(axis);
    }

    private static void Split(NodeUpgrade u)
    {
        u.Before(13, () => u.MoveInts("split"));
        if (u.Node.Input(1) is null)
            u.Node.SetAttribute("num_outputs", AttributeValue.Of((long)u.Node.Outputs.Count));
    }

    private static void TopK(NodeUpgrade u)
    {
        if (u.Opset >= 10)
            return;
        long k = u.Node.GetInt("k", 1);
        u.Node.RemoveAttribute("k");
        u.SetInput(1, Tensor.Vector(k));
    }

    private static void Upsample(NodeUpgrade u)
    {
        Value? scales = u.Node.GetFloats("scales") is { } given ? u.Constant(Tensor.Vector(given.AsSpan())) : u.Node.Input(1);
        u.Rebuild("Resize", [u.Node.Input(0), null, scales], Interpolating(u.Node));
    }

    private static void Resize(NodeUpgrade u)
    {
        if (u.Opset == 10)
            u.Rebuild("Resize", [u.Node.Input(0), null, u.Node.Input(1)], Interpolating(u.Node));
    }

    private static ImmutableDictionary<string, AttributeValue> Interpolating(Node node) => ImmutableDictionary<string, AttributeValue>.Empty
        .Add("mode", AttributeValue.Of(node.GetString("mode", "nearest")))
        .Add("coordinate_transformation_mode", AttributeValue.Of("asymmetric"))
        .Add("nearest_mode", AttributeValue.Of("floor"));
}
