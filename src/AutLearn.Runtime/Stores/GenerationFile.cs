using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AutLearn.Runtime.Stores;

/// <summary>A plain generation: magic, number, a SHA-256 over number and content, content.</summary>
internal static class GenerationFile
{
    private const ulong Magic = 0x3130_4E47_4C54_5541; // "AUTLGN01"
    private const int HashAt = 8 + 8;
    private const int HeaderSize = HashAt + SHA256.HashSizeInBytes;

    public static byte[] Encode(long number, ReadOnlySpan<byte> content)
    {
        byte[] bytes = new byte[checked(HeaderSize + content.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), number);
        content.CopyTo(bytes.AsSpan(HeaderSize));
        Hash(bytes, bytes.AsSpan(HashAt, SHA256.HashSizeInBytes));
        return bytes;
    }

    /// <summary>Null if the bytes are damaged or of another number.</summary>
    public static Generation? Decode(long number, byte[] bytes)
    {
        if (bytes.Length < HeaderSize || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic || BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8)) != number)
            return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(bytes, hash);
        return hash.SequenceEqual(bytes.AsSpan(HashAt, SHA256.HashSizeInBytes)) ? new(number, bytes.AsMemory(HeaderSize)) : null;
    }

    // The hash covers the number too, so that a renamed file is not taken for another generation.
    private static void Hash(ReadOnlySpan<byte> bytes, Span<byte> hash)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(bytes[..HashAt]);
        sha.AppendData(bytes[HeaderSize..]);
        sha.GetHashAndReset(hash);
    }
}
