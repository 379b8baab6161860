using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AutLearn.Graph;

namespace AutLearn.Runtime;

/// <summary>A mutable row-major tensor whose memory never moves, so that a native run reads and writes it in place.</summary>
/// <remarks>
/// The memory is pinned, aligned to 64 bytes and collected with the buffer: spans over it stay valid as long as they are used. Not safe
/// for writing while another thread uses it.
/// </remarks>
public sealed class TensorBuffer
{
    private const int Alignment = 64;

    private readonly byte[] _memory;
    private readonly int _offset;
    private readonly int _sizeInBytes;
    private readonly long[] _dimensions;

    /// <summary>Creates a buffer of zeros.</summary>
    /// <param name="elementType">Any type of at least 8 bits but strings.</param>
    /// <param name="dimensions">Sizes, each at least 0; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The type has no fixed size of whole bytes, or the tensor is larger than 2 GB.</exception>
    public unsafe TensorBuffer(ElementType elementType, params ReadOnlySpan<long> dimensions)
    {
        if (elementType.SizeInBits() < 8)
            throw new ArgumentException($"A buffer cannot hold {elementType}.", nameof(elementType));
        Int128 count = 1;
        foreach (long dimension in dimensions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(dimensions));
            count *= dimension;
            if (count > int.MaxValue)
                throw new ArgumentException($"The shape {Shape.Of(dimensions)} is larger than a buffer can be.", nameof(dimensions));
        }

        long size = elementType.SizeInBytes((long)count);
        if (size > Array.MaxLength - Alignment)
            throw new ArgumentException($"{elementType}{Shape.Of(dimensions)} takes {size} bytes, more than a buffer can be.", nameof(dimensions));
        ElementType = elementType;
        Count = (int)count;
        _dimensions = dimensions.ToArray();
        _sizeInBytes = (int)size;
        _memory = GC.AllocateArray<byte>(_sizeInBytes + Alignment, pinned: true);
        nint start = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        _offset = (int)(-start & (Alignment - 1));
        Address = start + _offset;
    }

    /// <summary>Gets the element type.</summary>
    public ElementType ElementType { get; }

    /// <summary>Gets the sizes.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>Gets the number of elements.</summary>
    public int Count { get; }

    /// <summary>Gets the elements as little-endian bytes.</summary>
    public Span<byte> Bytes => _memory.AsSpan(_offset, _sizeInBytes);

    /// <summary>Gets where the elements begin; valid while the buffer is reachable.</summary>
    internal nint Address { get; }

    /// <summary>Gets the elements.</summary>
    /// <typeparam name="T">The .NET type of the element type.</typeparam>
    /// <exception cref="InvalidOperationException">The element type is another.</exception>
    public Span<T> Span<T>()
        where T : unmanaged =>
        Tensor.ElementTypeOf<T>() == ElementType
            ? MemoryMarshal.Cast<byte, T>(Bytes)
            : throw new InvalidOperationException($"The buffer holds {ElementType}, not {typeof(T).Name}.");

    /// <summary>Copies all elements in.</summary>
    /// <param name="values">Exactly <see cref="Count"/> values.</param>
    /// <exception cref="ArgumentException">The count differs.</exception>
    /// <exception cref="InvalidOperationException">The element type is another.</exception>
    public void CopyFrom<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        if (values.Length != Count)
            throw new ArgumentException($"The buffer takes {Count} values, not {values.Length}.", nameof(values));
        values.CopyTo(Span<T>());
    }

    /// <inheritdoc/>
    public override string ToString() => $"{ElementType}{Shape.Of(_dimensions)}";

    internal long[] CopyOfDimensions() => (long[])_dimensions.Clone();
}
