using System.Numerics;
using System.Runtime.InteropServices;
using AutLearn.Graph;

namespace AutLearn.Runtime.Parameters;

/// <summary>Finds the largest magnitude in a tensor, in one walk whose time does not depend on the values.</summary>
/// <remarks>
/// Without their sign bit, IEEE 754 numbers order as the unsigned integers of their bits do, infinity and NaN above all others
/// (IEEE 754-2019, section 5.10). So an integer maximum finds both the largest number and whether all are finite.
/// </remarks>
internal static class LargestMagnitude
{
    /// <summary>Gets the largest magnitude; infinity or NaN where an element is one, 0 for types that hold neither.</summary>
    public static double Of(TensorBuffer tensor) => Of(tensor.Bytes, tensor.ElementType);

    /// <inheritdoc cref="Of(TensorBuffer)"/>
    public static double Of(ReadOnlySpan<byte> elements, ElementType type) => type switch
    {
        ElementType.Float32 => BitConverter.UInt32BitsToSingle(Largest(MemoryMarshal.Cast<byte, uint>(elements), uint.MaxValue >> 1)),
        ElementType.Float64 => BitConverter.UInt64BitsToDouble(Largest(MemoryMarshal.Cast<byte, ulong>(elements), ulong.MaxValue >> 1)),
        ElementType.Float16 => (double)BitConverter.UInt16BitsToHalf(Largest<ushort>(MemoryMarshal.Cast<byte, ushort>(elements), ushort.MaxValue >> 1)),
        ElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)Largest<ushort>(MemoryMarshal.Cast<byte, ushort>(elements), ushort.MaxValue >> 1) << 16),
        _ => 0,
    };

    // Four maxima at a time, so that none waits for the one before.
    private static T Largest<T>(ReadOnlySpan<T> bits, T withoutSign)
        where T : unmanaged, IBinaryInteger<T>
    {
        int i = 0;
        T largest = T.Zero;
        int width = Vector<T>.Count;
        if (bits.Length >= 4 * width)
        {
            ref T first = ref MemoryMarshal.GetReference(bits);
            var mask = new Vector<T>(withoutSign);
            Vector<T> a = Vector<T>.Zero, b = a, c = a, d = a;
            for (; i <= bits.Length - (4 * width); i += 4 * width)
            {
                a = Vector.Max(a, Vector.LoadUnsafe(ref first, (nuint)i) & mask);
                b = Vector.Max(b, Vector.LoadUnsafe(ref first, (nuint)(i + width)) & mask);
                c = Vector.Max(c, Vector.LoadUnsafe(ref first, (nuint)(i + (2 * width))) & mask);
                d = Vector.Max(d, Vector.LoadUnsafe(ref first, (nuint)(i + (3 * width))) & mask);
            }

            a = Vector.Max(Vector.Max(a, b), Vector.Max(c, d));
            for (int lane = 0; lane < width; lane++)
                largest = T.Max(largest, a[lane]);
        }

        for (; i < bits.Length; i++)
            largest = T.Max(largest, bits[i] & withoutSign);
        return largest;
    }
}
