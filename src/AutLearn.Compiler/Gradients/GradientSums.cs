using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Collects the contributions to each value's gradient, reduced to the value's own shape.</summary>
internal sealed class GradientSums
{
    private readonly GraphBuilder _builder;
    private readonly Dictionary<Value, Value> _sums = [];

    public GradientSums(GraphBuilder builder) => _builder = builder;

    public Value? Find(Value value) => _sums.GetValueOrDefault(value);

    /// <summary>Adds what one node contributes to a value, of which each of its inputs that are the value gives a part.</summary>
    /// <remarks>Many parts are one node's work: a node of n inputs takes few bytes for each of them, and its gradient must not take a node for each.</remarks>
    public void Contribute(Value value, IReadOnlyList<Value> gradients)
    {
        if (gradients.Count <= 2)
        {
            foreach (Value gradient in gradients)
                Contribute(value, gradient);
            return;
        }

        Value[] parts = [.. gradients.CountBy(g => g).Select(g => Times(Unbroadcast(g.Key, value), g.Value))];
        Collect(value, parts.Length == 1 ? parts[0] : _builder.Op("Sum", parts));
    }

    // Half precision ends at 65504.
    private Value Times(Value gradient, int count) =>
        count == 1 ? gradient : _builder.CastLike(_builder.Mul(_builder.Widened(gradient), count), gradient);

    public void Contribute(Value value, Value gradient) => Collect(value, Unbroadcast(gradient, value));

    private void Collect(Value value, Value gradient) =>
        _sums[value] = _sums.TryGetValue(value, out Value? sum) ? _builder.Add(sum, gradient) : gradient;

    // Broadcasting repeats elements, so its adjoint sums over the repeated axes.
    private Value Unbroadcast(Value gradient, Value value)
    {
        if (value.Shape is not { } to || gradient.Shape is not { } from)
            return UnbroadcastAtRuntime(gradient, value);
        if (to.Equals(from) && to.All(d => d.IsKnown || d.Symbol is not null))
            return gradient;
        if (to.Rank > from.Rank)
            return _builder.Expand(gradient, _builder.ShapeOf(value));
        int lead = from.Rank - to.Rank;
        var axes = new List<long>();
        bool expands = false;
        for (int i = 0; i < from.Rank; i++)
        {
            Dimension target = i < lead ? 1 : to[i - lead];
            if (from[i].IsSameSizeAs(target))
                continue;
            if (target.Is(1) || i < lead)
                axes.Add(i);
            else if (from[i].Is(1))
                expands = true;
            else if (!target.IsKnown || !from[i].IsKnown)
                return UnbroadcastAtRuntime(gradient, value);
            else
                throw new InvalidOperationException($"A gradient of shape {from} cannot belong to '{value.Name}' of shape {to}.");
        }

        if (axes.Count > 0)
            gradient = _builder.ReduceSumKeep(gradient, _builder.Ints([.. axes]));
        if (lead > 0)
            gradient = _builder.Op("Squeeze", [gradient, _builder.Ints([.. Enumerable.Range(0, lead).Select(i => (long)i)])]);
        return expands ? _builder.Expand(gradient, _builder.ShapeOf(value)) : gradient;
    }

    // axes = where(pad(shape(value), 1) == 1); summing an axis that has size 1 already changes nothing.
    private Value UnbroadcastAtRuntime(Value gradient, Value value)
    {
        Value shape = _builder.Op("Shape", [value]);
        Value missing = _builder.Sub(_builder.Op("Size", [_builder.Op("Shape", [gradient])]), _builder.Op("Size", [shape]));
        Value ones = _builder.Op("ConstantOfShape", [_builder.Reshape(missing, 1)], ("value", AttributeValue.Of(Tensor.Vector(1L))));
        Value padded = _builder.Concat(0, ones, shape);
        Value axes = _builder.Reshape(_builder.Op("NonZero", [_builder.Equal(padded, _builder.Ints(1))]), -1);
        Value reduced = _builder.Op("Reshape", [_builder.ReduceSumKeep(gradient, axes), shape], ("allowzero", AttributeValue.Of(1L)));
        reduced.Type = value.Type;
        return reduced;
    }
}
