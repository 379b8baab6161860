using AutLearn.Graph;

namespace AutLearn.Compiler.Randomness;

/// <summary>Replaces dropout in training mode by a mask that the graph computes from a seed.</summary>
/// <remarks>
/// ONNX Runtime's own dropout draws from a generator with hidden state, so that a run could be neither repeated nor resumed.
/// Here the mask is a pure function of the seed, the node and the element's position, in integer arithmetic, and therefore the same
/// bits everywhere. Feed another seed in each step. Srivastava et al., Dropout, JMLR 15, 2014 (inverted scaling).
/// </remarks>
internal sealed class DropoutRewrite
{
    /// <summary>The name of the Int64 scalar input that the rewrite adds.</summary>
    public const string SeedName = "seed";

    private readonly string _seedName;

    public DropoutRewrite(string seedName = SeedName) => _seedName = seedName;

    /// <summary>Rewrites the main graph; without dropout in training mode it stays as it is and takes no seed.</summary>
    /// <param name="model">The model; its values must carry types.</param>
    /// <returns>Whether the graph changed.</returns>
    /// <exception cref="InvalidModelException">A ratio lies outside [0, 1), or the seed's name stands for something else.</exception>
    public bool Apply(OnnxModel model)
    {
        OnnxGraph graph = model.Graph;
        Node[] dropouts = [.. graph.Nodes.Where(Drops)];
        if (dropouts.Length == 0)
            return false;
        var builder = new GraphBuilder(graph, model.Opset);
        builder.NameStem = dropouts[0].DisplayName;
        var random = new RandomBits(builder, SeedOf(graph), dropouts.Length);
        for (int i = 0; i < dropouts.Length; i++)
        {
            builder.NameStem = dropouts[i].DisplayName;
            Replace(dropouts[i], like => random.For(like, i), builder);
        }

        graph.SortTopologically();
        return true;
    }

    private static bool Drops(Node node) =>
        node.Is("Dropout") && node.Input(2) is { } mode && !(mode is { IsConstant: true, Initializer: { ElementType: ElementType.Bool } value } && !value.Span<bool>()[0]);

    private Value SeedOf(OnnxGraph graph)
    {
        if (graph.Find(_seedName) is not { } existing)
            return graph.AddInput(_seedName, new TensorType(ElementType.Int64, Shape.Scalar));
        return existing is { IsInput: true, ElementType: ElementType.Int64, Shape.Rank: 0 }
            ? existing
            : throw new InvalidModelException($"The name '{_seedName}' is taken by '{existing}', but dropout needs it for an Int64 scalar input. Rename that value.");
    }

    // y = x keep / (1 - ratio); keep = [random > ratio 2^32 - 1] for a random number in [0, 2^32), or all where training mode is off
    private static void Replace(Node node, Func<Value, Value> random, GraphBuilder builder)
    {
        OnnxGraph graph = builder.Graph;
        Value x = node.Input(0)!;
        Value? mode = node.Input(2) is { IsConstant: false } fed ? fed : null;
        double? ratio = ConstantRatio(node);
        Value keep, scale;
        if (ratio is { } known)
        {
            keep = builder.Greater(random(x), builder.Int((long)Math.Round(known * 4294967296d) - 1));
            scale = builder.Scalar(x, 1 / (1 - known));
        }
        else
        {
            Value share = builder.Cast(node.Input(1)!, ElementType.Float64);
            Value threshold = builder.Cast(builder.Mul(share, builder.Constant(Tensor.Scalar(4294967296d))), ElementType.Int64);
            keep = builder.Greater(random(x), builder.Sub(threshold, builder.Int(1)));
            Value one = builder.Constant(Tensor.Scalar(1d));
            scale = builder.CastLike(builder.Div(one, builder.Sub(one, share)), x);
        }

        if (mode is not null)
        {
            Value off = builder.Op("Not", [mode]);
            keep = builder.Op("Or", [keep, off]);
            scale = builder.Where(off, builder.One(x), scale);
        }

        keep.Type = new TensorType(ElementType.Bool, x.Shape);
        Value y = builder.Mul(x, builder.Mul(builder.CastLike(keep, x), scale));
        y.Type = x.Type;
        TakeOver(graph, node.Outputs[0], y, builder);
        if (node.Output(1) is { } mask)
            TakeOver(graph, mask, keep, builder);
        graph.Remove(node);
    }

    // Readers change over; a graph output keeps its name.
    private static void TakeOver(OnnxGraph graph, Value? old, Value replacement, GraphBuilder builder)
    {
        if (old is null)
            return;
        bool isOutput = old.IsOutput;
        string name = old.Name;
        graph.ReplaceAllUses(old, replacement);
        if (!isOutput)
            return;
        graph.Rename(old, graph.UniqueName($"{name}/replaced"));
        graph.Rename(replacement, name);
        builder.NameStem = name;
    }

    private static double? ConstantRatio(Node node)
    {
        if (node.Input(1) is not { } given)
            return 0.5;
        if (given is not { IsConstant: true, Initializer: { } tensor })
            return null;
        double ratio = tensor.ElementType switch
        {
            ElementType.Float32 => tensor.Span<float>()[0],
            ElementType.Float64 => tensor.Span<double>()[0],
            ElementType.Float16 => (double)tensor.Span<Half>()[0],
            _ => double.NaN,
        };
        return ratio is >= 0 and < 1
            ? ratio
            : throw new InvalidModelException($"Node '{node.DisplayName}' (Dropout) has the ratio {ratio} of type {tensor.ElementType}; it must lie in [0, 1).") { NodeName = node.DisplayName };
    }
}
