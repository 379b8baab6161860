using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>y = softmax(cap(q k^T scale) + mask) v for heads of [N, heads, steps, size]; keys and values may have fewer heads, which share theirs.</summary>
internal sealed class ScaledDotProduct
{
    private readonly GradientContext _g;
    private readonly Value _query;
    private readonly Value _key;
    private readonly Value _value;
    private readonly long _queryHeads;
    private readonly long _keyHeads;
    private Value? _bias;

    public ScaledDotProduct(GradientContext g, Value query, Value key, Value value)
    {
        _g = g;
        (_query, _key, _value) = (query, key, value);
        _queryHeads = HeadsOf(query);
        _keyHeads = HeadsOf(key);
        if (_queryHeads % _keyHeads != 0)
            throw new InvalidModelException($"Node '{g.Node.DisplayName}' ({g.Node.OpType}) has {_queryHeads} query heads for {_keyHeads} key heads.") { NodeName = g.Node.DisplayName };
    }

    /// <summary>Gets the factor on the products; 1 / sqrt(size) if null.</summary>
    public float? Scale { get; init; }

    /// <summary>Gets c of c tanh(s / c), which bounds the scores; none if 0.</summary>
    public float Softcap { get; init; }

    /// <summary>Gets what stands for masked scores.</summary>
    public double MaskValue { get; init; } = double.NegativeInfinity;

    public Value? Products { get; private set; }

    public Value? Capped { get; private set; }

    public Value? Masked { get; private set; }

    public Value? Weights { get; private set; }

    /// <summary>[N, steps, heads size] to [N, heads, steps, size].</summary>
    public static Value SplitHeads(GradientContext g, Value x, long heads) =>
        g.Builder.Transpose(g.Reshape(x, 0, 0, heads, -1), 0, 2, 1, 3);

    /// <summary>[N, heads, steps, size] to [N, steps, heads size].</summary>
    public static Value JoinHeads(GradientContext g, Value x) =>
        g.Reshape(g.Builder.Transpose(x, 0, 2, 1, 3), 0, 0, -1);

    /// <summary>Adds a mask that broadcasts to [N, heads, queries, keys]: what is added to the scores, or Bool with true for what is seen.</summary>
    public void AddMask(Value mask)
    {
        GraphBuilder b = _g.Builder;
        bool isBool = mask.ElementType == ElementType.Bool;
        Value bias = isBool ? b.Where(mask, b.Zero(_query), b.Scalar(_query, MaskValue)) : b.CastLike(mask, _query);
        int rank = _g.RankOf(mask);
        Dimension given = mask.Shape![rank - 1], keys = _key.Shape![2];

        // A mask for fewer keys hides the others.
        if (!given.IsSameSizeAs(keys) && !given.Is(1))
        {
            Value missing = b.Op("Sub", [b.SizeOf(_key, 2), b.SizeOf(mask, rank - 1)]);
            Value pads = b.Concat(0, b.Ints(0), missing);
            bias = b.Op("Pad", [bias, pads, b.Scalar(_query, MaskValue), b.Ints(-1)]);
        }

        AddBias(bias);
    }

    /// <summary>Hides the keys behind each query's own place.</summary>
    /// <param name="offset">The place of the first query among the keys: Int64 that broadcasts to [N, 1, 1, 1]; 0 if null.</param>
    public void MaskFuture(Value? offset)
    {
        GraphBuilder b = _g.Builder;
        Value queries = b.Reshape(Count(_query), -1, 1), keys = b.Reshape(Count(_key), 1, -1);
        Value place = offset is null ? queries : b.Add(queries, offset);
        AddVisible(b.Op("LessOrEqual", [keys, place]));
    }

    /// <summary>Hides the keys from each sequence's length on.</summary>
    /// <param name="lengths">Integers, [N].</param>
    public void MaskPadding(Value lengths)
    {
        GraphBuilder b = _g.Builder;
        AddVisible(b.Less(b.Reshape(Count(_key), 1, 1, 1, -1), b.Reshape(b.Cast(lengths, ElementType.Int64), -1, 1, 1, 1)));
    }

    /// <summary>Adds to the scores.</summary>
    public void AddBias(Value bias) => _bias = _bias is null ? bias : _g.Add(_bias, bias);

    /// <summary>[N, heads, queries, size of values].</summary>
    public Value Compute()
    {
        GraphBuilder b = _g.Builder;
        Value products = b.MatMul(Grouped(_query), b.Transpose(_key, 0, 1, 3, 2));
        Products = b.Mul(Ungrouped(products, b.SizeOf(_key, 2)), ScaleLike());
        Capped = Softcap == 0 ? Products : b.Mul(b.Op("Tanh", [b.Mul(Products, 1d / Softcap)]), Softcap);
        Masked = _bias is null ? Capped : b.Add(Capped, _bias);
        Value weights = b.Op("Softmax", [Masked], ("axis", AttributeValue.Of(-1L)));

        // A query that sees nothing has no softmax.
        if (_bias is not null && double.IsInfinity(MaskValue))
            weights = b.Where(b.Op("IsNaN", [weights]), b.Zero(weights), weights);
        Weights = weights;
        return Ungrouped(b.MatMul(Grouped(weights), _value), b.SizeOf(_value, 3));
    }

    private void AddVisible(Value visible) =>
        AddBias(_g.Builder.Where(visible, _g.Zero(_query), _g.Scalar(_query, MaskValue)));

    private Value ScaleLike()
    {
        if (Scale is { } given)
            return _g.Scalar(_query, given);
        if (_query.Shape![3].IsKnown)
            return _g.Scalar(_query, 1 / Math.Sqrt(_query.Shape[3].Size));
        return _g.Div(_g.One(_query), _g.Builder.Sqrt(_g.Builder.CastLike(_g.Builder.SizeOf(_query, 3), _query)));
    }

    // 0, 1, 2, ... for the steps
    private Value Count(Value heads)
    {
        Value steps = heads.Shape![2].IsKnown ? _g.Int(heads.Shape[2].Size) : _g.Op("Squeeze", [_g.Builder.SizeOf(heads, 2), _g.Ints(0)]);
        return _g.Op("Range", [_g.Int(0), steps, _g.Int(1)]);
    }

    // Query heads that share a key head become more queries of it: [N, key heads, queries of all, size].
    private Value Grouped(Value x) => _queryHeads == _keyHeads
        ? x
        : _g.Builder.Reshape(x, _g.JoinSizes(_g.Ints(0, _keyHeads, -1), _g.Builder.SizeOf(x, 3)));

    private Value Ungrouped(Value x, Value size) => _queryHeads == _keyHeads
        ? x
        : _g.Builder.Reshape(x, _g.JoinSizes(_g.Ints(0, _queryHeads, -1), size));

    private long HeadsOf(Value x) => _g.RankOf(x) == 4 && x.Shape![1].IsKnown
        ? x.Shape[1].Size
        : throw new AutLearnException($"The gradient of node '{_g.Node.DisplayName}' ({_g.Node.OpType}) needs the number of heads from the shape of '{x.Name}', which is {x.Shape}.") { NodeName = _g.Node.DisplayName };
}
