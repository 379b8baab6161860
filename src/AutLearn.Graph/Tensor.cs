using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutLearn.Graph;

/// <summary>An immutable constant tensor: row-major, little-endian, sub-byte types packed low bits first.</summary>
/// <remarks>Safe for use by several threads.</remarks>
public sealed class Tensor
{
    private readonly ReadOnlyMemory<byte> _bytes;

    // 0 before the first call; passes ask again and again.
    private int _contentHash;

    /// <summary>Creates a tensor over bytes that the caller no longer changes.</summary>
    /// <param name="elementType">Any type but <see cref="ElementType.String"/> and <see cref="ElementType.Undefined"/>.</param>
    /// <param name="dimensions">Sizes, each at least 0; empty for a scalar.</param>
    /// <param name="bytes">Exactly the bytes that the shape asks for.</param>
    /// <exception cref="ArgumentException">The byte count does not match the shape.</exception>
    public Tensor(ElementType elementType, ReadOnlySpan<long> dimensions, ReadOnlyMemory<byte> bytes)
    {
        if (elementType.SizeInBits() == 0)
            throw new ArgumentException($"A tensor of bytes cannot hold {elementType}.", nameof(elementType));
        Dimensions = [.. dimensions];
        Count = CountOf(dimensions);
        long expected = elementType.SizeInBytes(Count);
        if (bytes.Length != expected)
            throw new ArgumentException($"{elementType}{Shape.Of(dimensions)} takes {expected} bytes, not {bytes.Length}.", nameof(bytes));
        ElementType = elementType;
        _bytes = bytes;
        Strings = [];
    }

    private Tensor(ReadOnlySpan<long> dimensions, ImmutableArray<string> strings)
    {
        Dimensions = [.. dimensions];
        Count = CountOf(dimensions);
        if (strings.Length != Count)
            throw new ArgumentException($"Shape {Shape.Of(dimensions)} takes {Count} strings, not {strings.Length}.", nameof(strings));
        ElementType = ElementType.String;
        Strings = strings;
    }

    /// <summary>Gets the element type.</summary>
    public ElementType ElementType { get; }

    /// <summary>Gets the sizes.</summary>
    public ImmutableArray<long> Dimensions { get; }

    /// <summary>Gets the number of elements.</summary>
    public long Count { get; }

    /// <summary>Gets the elements of a string tensor; empty for other types.</summary>
    public ImmutableArray<string> Strings { get; }

    /// <summary>Gets the raw little-endian bytes; empty for strings.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Gets the fields of the file's tensor that the IR does not model (name, documentation, metadata), encoded.</summary>
    internal ReadOnlyMemory<byte> ExtraFields { get; init; }

    /// <summary>Gets the type.</summary>
    public TensorType Type => new(ElementType, Shape.Of(Dimensions.AsSpan()));

    /// <summary>Creates a string tensor.</summary>
    public static Tensor OfStrings(ReadOnlySpan<long> dimensions, ImmutableArray<string> strings) => new(dimensions, strings);

    /// <summary>Creates a string tensor that carries fields of the file which the IR does not model.</summary>
    internal static Tensor OfStrings(ReadOnlySpan<long> dimensions, ImmutableArray<string> strings, ReadOnlyMemory<byte> extraFields) =>
        new(dimensions, strings) { ExtraFields = extraFields };

    /// <summary>Creates a scalar.</summary>
    public static Tensor Scalar<T>(T value)
        where T : unmanaged => Of<T>([], [value]);

    /// <summary>Creates a tensor of rank 1.</summary>
    public static Tensor Vector<T>(params ReadOnlySpan<T> values)
        where T : unmanaged => Of<T>([values.Length], values);

    /// <summary>Creates a tensor from typed values, which are copied.</summary>
    /// <typeparam name="T">float, double, Half, the integer types, or bool.</typeparam>
    public static Tensor Of<T>(ReadOnlySpan<long> dimensions, ReadOnlySpan<T> values)
        where T : unmanaged =>
        new(ElementTypeOf<T>(), dimensions, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Gets the elements as a typed span, without a copy.</summary>
    /// <exception cref="InvalidOperationException">The element type is another.</exception>
    public ReadOnlySpan<T> Span<T>()
        where T : unmanaged =>
        ElementTypeOf<T>() == ElementType
            ? MemoryMarshal.Cast<byte, T>(_bytes.Span)
            : throw new InvalidOperationException($"The tensor holds {ElementType}, not {typeof(T).Name}.");

    /// <summary>Gets the element type that stands for a .NET type.</summary>
    /// <exception cref="NotSupportedException">No element type stands for it.</exception>
    public static ElementType ElementTypeOf<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return ElementType.Float32;
        if (typeof(T) == typeof(double)) return ElementType.Float64;
        if (typeof(T) == typeof(Half)) return ElementType.Float16;
        if (typeof(T) == typeof(long)) return ElementType.Int64;
        if (typeof(T) == typeof(int)) return ElementType.Int32;
        if (typeof(T) == typeof(short)) return ElementType.Int16;
        if (typeof(T) == typeof(sbyte)) return ElementType.Int8;
        if (typeof(T) == typeof(ulong)) return ElementType.UInt64;
        if (typeof(T) == typeof(uint)) return ElementType.UInt32;
        if (typeof(T) == typeof(ushort)) return ElementType.UInt16;
        if (typeof(T) == typeof(byte)) return ElementType.UInt8;
        if (typeof(T) == typeof(bool)) return ElementType.Bool;
        throw new NotSupportedException($"No element type stands for {typeof(T)} ({Unsafe.SizeOf<T>()} bytes).");
    }

    /// <summary>Tells whether type, shape and every element are the same bits.</summary>
    public bool ContentEquals(Tensor other) =>
        ElementType == other.ElementType
        && Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan())
        && _bytes.Span.SequenceEqual(other._bytes.Span)
        && Strings.AsSpan().SequenceEqual(other.Strings.AsSpan());

    /// <summary>Gets a hash of type, shape and every element: equal for tensors of equal content.</summary>
    public int ContentHash()
    {
        if (_contentHash != 0)
            return _contentHash;
        var hash = default(HashCode);
        hash.Add(ElementType);
        hash.AddBytes(MemoryMarshal.AsBytes(Dimensions.AsSpan()));
        hash.AddBytes(_bytes.Span);
        foreach (string text in Strings)
            hash.Add(text, StringComparer.Ordinal);
        int computed = hash.ToHashCode();
        return _contentHash = computed == 0 ? 1 : computed;
    }

    /// <inheritdoc/>
    public override string ToString() => Type.ToString();

    private static long CountOf(ReadOnlySpan<long> dimensions)
    {
        long count = 1;
        foreach (long size in dimensions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(dimensions));
            count = checked(count * size);
        }

        return count;
    }
}
