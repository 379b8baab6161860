using AutLearn.Graph;

namespace AutLearn.Compiler.Randomness;

/// <summary>Counter-based random numbers in the graph: a 32-bit hash of seed, salt and position.</summary>
/// <remarks>
/// Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011, for the idea. The mixing is the usual pair of xor-shifts and
/// multiplications modulo 2^32. Multiplication runs in Int64, where no product of the 32-bit numbers below overflows; shifts run in
/// UInt64, the type that BitShift takes.
/// </remarks>
internal sealed class RandomBits
{
    private const long LowHalf = 0xffffffff;

    // Odd factors that spread each bit well, as signed numbers: modulo 2^32 the sign makes no difference, and products stay below 2^63.
    private const long FirstFactor = 0x7feb352d;
    private const long SecondFactor = 0x846ca68b - (1L << 32);
    private const long GoldenRatio = 0x9e3779b9;

    private readonly GraphBuilder _builder;
    private readonly int _streams;
    private readonly Value _starts;
    private readonly Value _keys;

    /// <summary>Derives the keys of several streams from the seed, all at once: all 64 bits count.</summary>
    public RandomBits(GraphBuilder builder, Value seed, int streams)
    {
        _builder = builder;
        _streams = streams;
        ulong[] salts = [.. Enumerable.Range(1, streams).Select(i => (ulong)((i * GoldenRatio) & LowHalf))];
        Value bits = builder.Cast(seed, ElementType.UInt64);
        Value low = Xor(And(bits), builder.Constant(streams == 1 ? Tensor.Scalar(salts[0]) : Tensor.Vector(salts)));
        Value mixed = Mix(Xor(Mix(low), ShiftRight(bits, 32)));
        _starts = builder.Cast(builder.Op("BitwiseAnd", [mixed, Unsigned(LowHalf >> 1)]), ElementType.Int64);
        _keys = Mix(Xor(mixed, Unsigned(GoldenRatio)));
    }

    /// <summary>Int64 of the shape of a value with fewer than 2^31 elements, each uniform in [0, 2^32).</summary>
    public Value For(Value like, int stream)
    {
        Value start = Of(_starts, stream), key = Of(_keys, stream);
        Value count = like.Shape?.ElementCount() is { } known ? _builder.Int(known) : _builder.Op("Size", [like]);

        // Starting anywhere in [0, 2^31), the counter stays below 2^32.
        Value counter = _builder.Op("Range", [start, _builder.Add(start, count), _builder.Int(1)]);
        Value h = _builder.Cast(counter, ElementType.UInt64);
        h = Xor(Multiply(Xor(h, ShiftRight(h, 16)), FirstFactor), key);
        Value product = Multiply(Xor(h, ShiftRight(h, 15)), SecondFactor);
        Value result = _builder.Reshape(_builder.Cast(product, ElementType.Int64), _builder.ShapeOf(like));
        result.Type = new TensorType(ElementType.Int64, like.Shape);
        return result;
    }

    private Value Of(Value each, int stream) => _streams == 1 ? each : _builder.Op("Gather", [each, _builder.Int(stream)]);

    private Value Mix(Value h)
    {
        h = Multiply(Xor(h, ShiftRight(h, 16)), FirstFactor);
        h = Multiply(Xor(h, ShiftRight(h, 15)), SecondFactor);
        return Xor(h, ShiftRight(h, 16));
    }

    private Value Multiply(Value h, long factor) =>
        And(_builder.Cast(_builder.Mul(_builder.Cast(h, ElementType.Int64), _builder.Int(factor)), ElementType.UInt64));

    private Value And(Value h) => _builder.Op("BitwiseAnd", [h, Unsigned(LowHalf)]);

    private Value Xor(Value a, Value b) => _builder.Op("BitwiseXor", [a, b]);

    private Value ShiftRight(Value h, long count) =>
        _builder.Op("BitShift", [h, Unsigned(count)], ("direction", AttributeValue.Of("RIGHT")));

    private Value Unsigned(long value) => _builder.Constant(Tensor.Scalar((ulong)value));
}
