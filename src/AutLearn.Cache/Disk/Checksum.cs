using System.Numerics;
using System.Runtime.InteropServices;

namespace AutLearn.Cache.Disk;

/// <summary>CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), which processors compute in one instruction.</summary>
internal static class Checksum
{
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(~0u, bytes);

    public static uint Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => ~Append(Append(~0u, first), second);

    private static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return crc;
    }
}
