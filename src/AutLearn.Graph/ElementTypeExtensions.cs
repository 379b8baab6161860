namespace AutLearn.Graph;

/// <summary>Facts about element types.</summary>
public static class ElementTypeExtensions
{
    /// <summary>Gets the width of one element in bits; 0 for <see cref="ElementType.String"/> and <see cref="ElementType.Undefined"/>.</summary>
    public static int SizeInBits(this ElementType type) => type switch
    {
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 or ElementType.Complex64 => 64,
        ElementType.Complex128 => 128,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 32,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 16,
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool or ElementType.Float8E4M3FN
            or ElementType.Float8E4M3FNUZ or ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ
            or ElementType.Float8E8M0 => 8,
        ElementType.UInt4 or ElementType.Int4 or ElementType.Float4E2M1 => 4,
        ElementType.UInt2 or ElementType.Int2 => 2,
        _ => 0,
    };

    /// <summary>Gets the bytes that <paramref name="count"/> elements take; sub-byte types are packed.</summary>
    /// <exception cref="OverflowException">The size does not fit an Int64.</exception>
    public static long SizeInBytes(this ElementType type, long count) =>
        checked(((count * type.SizeInBits()) + 7) / 8);

    /// <summary>Tells whether gradients can flow through the type.</summary>
    public static bool IsFloatingPoint(this ElementType type) =>
        type is ElementType.Float32 or ElementType.Float64 or ElementType.Float16 or ElementType.BFloat16;
}
