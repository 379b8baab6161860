using System.Collections.Immutable;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Emission;

/// <summary>Finds parameters whose gradient is the product of two much smaller matrices, and makes these readable.</summary>
/// <remarks>
/// A linear head of 256 by 10,000 has 2.5 million weights, but the gradient of 16 rows is a product of 16 by 256 and 16 by 10,000 numbers.
/// Where those are small and finite, so is every weight after the step, which the runtime then need not walk.
/// </remarks>
internal sealed class GradientFactors
{
    // Less than this many times smaller, the factors are not worth an output.
    private const long Gain = 2;

    // The longest chain of an optimizer's scalars is the root of a bias correction.
    private const int ScalarDepth = 8;

    private readonly OnnxGraph _graph;
    private readonly IReadOnlyList<string> _boundary;
    private readonly Value _learningRate;
    private readonly OptimizerSpec _optimizer;
    private readonly string _batchSymbol;
    private readonly int _batchSize;

    public GradientFactors(OnnxGraph graph, IReadOnlyList<string> boundary, Value learningRate, OptimizerSpec optimizer, string batchSymbol, int batchSize)
    {
        _graph = graph;
        _boundary = boundary;
        _learningRate = learningRate;
        _optimizer = optimizer;
        _batchSymbol = batchSymbol;
        _batchSize = batchSize;
    }

    /// <summary>Adds the factors that are no boundary tensors to the outputs, under names that follow from the parameter's.</summary>
    /// <param name="parameters">The trainable parameters.</param>
    /// <param name="state">The optimizer's tensors.</param>
    public ImmutableArray<GradientFactorsSpec> Expose(IEnumerable<Value> parameters, OptimizerState state)
    {
        var found = ImmutableArray.CreateBuilder<GradientFactorsSpec>();
        HashSet<Value> counters = [.. state.Entries.Where(e => e.Parameter is null).Select(e => e.State)];
        foreach (Value parameter in parameters.Where(p => p.ElementType == ElementType.Float32 && p.Shape is { IsStatic: true }))
        {
            Value[] own = [parameter, .. state.Entries.Where(e => e.Parameter == parameter.Name).Select(e => e.State)];
            if (ProductOf(parameter, own, counters) is not { } product || !IsWorthwhile(product, parameter))
                continue;
            Value left = SourceOf(product.Inputs[0]!), right = SourceOf(product.Inputs[1]!);
            bool includesRate = DependsOnRate(left) || DependsOnRate(right);
            if ((includesRate && _optimizer is not { Kind: "sgd", Momentum: 0 }) || !IsReadable(left) || !IsReadable(right))
                continue;
            found.Add(new(parameter.Name, Describe(left, $"{parameter.Name}.gradient_left"), Describe(right, $"{parameter.Name}.gradient_right"), includesRate));
        }

        return found.ToImmutable();
    }

    /// <summary>Finds the one product that, besides the parameter, its state and the optimizer's scalars, decides the next parameter number by number.</summary>
    private Node? ProductOf(Value parameter, Value[] own, HashSet<Value> counters)
    {
        Node? product = null;
        var seen = new HashSet<Value>();
        var open = new Stack<Value>();
        open.Push(_graph.Find(ArtifactNaming.Next(parameter.Name))!);
        while (open.TryPop(out Value? value))
        {
            if (!seen.Add(value) || own.Contains(value) || IsHarmless(value, counters))
                continue;
            if (value.Producer is not { } node)
                return null;
            switch (node.OpType)
            {
                case "Div" when node.Is("Div") && node.Inputs[1]!.IsConstant:
                    return null;
                case "Add" or "Sub" or "Mul" or "Div" or "Sqrt" or "Neg" or "Identity" or "Transpose" or "Reshape" when node.Is(node.OpType):
                    open.Push(node.Inputs[0]!);
                    if (node.Inputs.Count > 1 && node.OpType != "Reshape")
                        open.Push(node.Inputs[1]!);
                    break;
                case "Gemm" when node.Is("Gemm") && product is null && Math.Abs(node.GetFloat("alpha", 1)) <= 1 && Math.Abs(node.GetFloat("beta", 1)) <= 1:
                    product = node;
                    if (node.Input(2) is { } added)
                        open.Push(added);
                    break;
                case "MatMul" when node.Is("MatMul") && product is null && value.Shape is { Rank: 2 }:
                    product = node;
                    break;
                default:
                    return null;
            }
        }

        return product;
    }

    // The optimizer's own constants are at most 1, and its other scalars follow from the learning rate and the number of steps. Any other
    // scalar, such as one of the model that multiplies the weights, could make of the product whatever it likes.
    private bool IsHarmless(Value value, HashSet<Value> counters) =>
        value.IsConstant ? IsSmall(value) : value.Shape is { Rank: 0 } && FollowsFromOptimizer(value, counters, ScalarDepth);

    private bool FollowsFromOptimizer(Value value, HashSet<Value> counters, int depth)
    {
        if (ReferenceEquals(value, _learningRate) || counters.Contains(value))
            return true;
        if (depth == 0 || value.Producer is not { OpType: "Add" or "Sub" or "Mul" or "Div" or "Pow" or "Sqrt" or "Cast" or "Identity" } node || !node.Is(node.OpType))
            return false;
        Value[] computed = [.. node.Inputs.OfType<Value>().Where(i => !i.IsConstant)];
        return computed.Length > 0
            && node.Inputs.OfType<Value>().Where(i => i.IsConstant).All(IsSmall)
            && !(node.Is("Div") && node.Inputs[1]!.IsConstant)
            && computed.All(i => FollowsFromOptimizer(i, counters, depth - 1));
    }

    private static bool IsSmall(Value constant) => constant.Initializer is { Count: 1 } number && number.ElementType switch
    {
        ElementType.Float32 => Math.Abs(number.Span<float>()[0]) <= 1,
        ElementType.Float64 => Math.Abs(number.Span<double>()[0]) <= 1,
        ElementType.Int64 => number.Span<long>()[0] is >= 0 and <= 1,
        _ => false,
    };

    private bool IsWorthwhile(Node product, Value parameter) =>
        CountOf(product.Inputs[0]!) is { } left && CountOf(product.Inputs[1]!) is { } right && Gain * (left + right) <= CountOf(parameter);

    private long? CountOf(Value value)
    {
        long count = 1;
        foreach (Dimension dimension in value.Shape ?? Shape.Scalar)
        {
            if (!dimension.IsKnown && dimension.Symbol != _batchSymbol)
                return null;
            count = checked(count * (dimension.IsKnown ? dimension.Size : _batchSize));
        }

        return value.Shape is null ? null : count;
    }

    // What holds the same numbers in another shape.
    private static Value SourceOf(Value value)
    {
        while (value.Producer is { OpType: "Transpose" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Identity" } view && !value.IsOutput)
            value = view.Inputs[0]!;
        return value;
    }

    private bool IsReadable(Value value) => value.Producer is not null ? !value.IsOutput && value.Shape is not null : _boundary.Contains(value.Name);

    private bool DependsOnRate(Value value)
    {
        var seen = new HashSet<Value>();
        var open = new Stack<Value>([value]);
        while (open.TryPop(out Value? next))
        {
            if (!seen.Add(next))
                continue;
            if (ReferenceEquals(next, _learningRate))
                return true;
            foreach (Value input in next.Producer?.Inputs.OfType<Value>() ?? [])
                open.Push(input);
        }

        return false;
    }

    private TensorSpec Describe(Value value, string name) =>
        TensorDescription.Of(value.Producer is null || value.IsOutput ? value : ModelEmission.AddOutput(_graph, value, _graph.UniqueName(name)));
}
