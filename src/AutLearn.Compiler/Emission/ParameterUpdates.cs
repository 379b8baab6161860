using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>Appends the updates of all trained parameters.</summary>
/// <remarks>
/// An update is a dozen nodes, and starting a node costs as much as its work on a thousand numbers. So small tensors that differ in their
/// first size only (all vectors, the matrices of one width) are joined, updated together and split.
/// </remarks>
internal sealed class ParameterUpdates
{
    // From twice as many numbers on, joining and splitting a tensor and its states takes longer than nodes of its own.
    private const long LargestJoined = 2048;

    private readonly GraphBuilder _builder;
    private readonly OptimizerState _state;
    private readonly Optimizer _optimizer;
    private readonly Value _rate;
    private readonly Dictionary<string, Value> _next;

    public ParameterUpdates(GraphBuilder builder, OptimizerState state, Optimizer optimizer, Value rate, Dictionary<string, Value> next)
    {
        _builder = builder;
        _state = state;
        _optimizer = optimizer;
        _rate = rate;
        _next = next;
    }

    /// <summary>Appends the updates and notes the next parameters.</summary>
    /// <param name="parameters">What is updated.</param>
    /// <param name="gradients">Its gradients, of half precision widened.</param>
    /// <param name="touchedRows">The rows of a table that alone change; null for what changes as a whole.</param>
    public void Append(IReadOnlyList<Value> parameters, IReadOnlyDictionary<Value, Value> gradients, Func<Value, IReadOnlyList<TableGradient>?> touchedRows)
    {
        var whole = new List<Value>();
        foreach (Value parameter in parameters)
        {
            if (touchedRows(parameter) is { } parts)
                _next[parameter.Name] = Scatter(parameter, parts);
            else
                whole.Add(parameter);
        }

        foreach (Value[] group in Groups(whole))
        {
            var context = new OptimizerContext(_builder, _state, group, [.. group.Select(p => gradients[p])], _rate);
            Value updated = _builder.CastLike(_optimizer.Update(context), group[0]);
            foreach ((Value parameter, Value next) in group.Zip(context.Split(updated)))
                _next[parameter.Name] = next;
        }
    }

    private IEnumerable<Value[]> Groups(List<Value> parameters)
    {
        foreach (IGrouping<(ElementType, string)?, Value> alike in parameters.GroupBy(KindOf))
        {
            Value[] group = [.. alike];
            if (alike.Key is not null && group.Length >= _optimizer.SmallestGroup(group[0].Shape!.Rank))
            {
                yield return group;
                continue;
            }

            foreach (Value parameter in group)
                yield return [parameter];
        }
    }

    private static (ElementType Type, string Sizes)? KindOf(Value parameter) =>
        parameter.Shape is { Rank: > 0, IsStatic: true } shape && shape.ElementCount() <= LargestJoined
            ? (parameter.ElementType, new Shape(shape.Skip(1)).ToString())
            : null;

    private Value Scatter(Value parameter, IReadOnlyList<TableGradient> parts)
    {
        Value next = parameter;
        foreach (TableGradient part in parts)
        {
            Value step = _builder.CastLike(_builder.Mul(part.Updates, _builder.Op("Neg", [_builder.CastLike(_rate, part.Updates)])), parameter);
            next = _builder.Op("ScatterElements", [next, part.Positions, step], ("axis", AttributeValue.Of(0L)), ("reduction", AttributeValue.Of("add")));
        }

        return next;
    }
}
