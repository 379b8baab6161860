using System.Runtime.InteropServices;

namespace AutLearn.Cache.Disk;

/// <summary>Writes and reads rows in a <see cref="RowFormat"/>.</summary>
internal static class RowCodec
{
    public static int SizeOf(RowFormat format, int rowSizeInBytes) => format == RowFormat.Float16 ? rowSizeInBytes / 2 : rowSizeInBytes;

    /// <returns>False if a value is not finite in the format.</returns>
    public static bool TryEncode(RowFormat format, ReadOnlySpan<byte> features, Span<byte> stored)
    {
        if (format == RowFormat.Float32)
        {
            features.CopyTo(stored);
            return true;
        }

        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(features);
        Span<Half> halves = MemoryMarshal.Cast<byte, Half>(stored);
        for (int i = 0; i < values.Length; i++)
        {
            halves[i] = (Half)values[i];
            if (!Half.IsFinite(halves[i]))
                return false;
        }

        return true;
    }

    public static void Decode(RowFormat format, ReadOnlySpan<byte> stored, Span<byte> features)
    {
        if (format == RowFormat.Float32)
        {
            stored[..features.Length].CopyTo(features);
            return;
        }

        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(stored);
        Span<float> values = MemoryMarshal.Cast<byte, float>(features);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)halves[i];
    }
}
