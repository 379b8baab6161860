using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Storage;

/// <summary>A SHA-256 of a state in its own metadata: a flipped bit of a weight is a weight too, and no other check finds it.</summary>
internal static class StateChecksum
{
    private const string Key = "sha256";

    /// <summary>Adds the checksum.</summary>
    public static SafetensorsFile Add(SafetensorsFile file) => new(file.Tensors, file.Metadata.SetItem(Key, Of(file)));

    /// <summary>Whether a state is what was saved; also where it has no checksum, as those of earlier versions and those that lie in checked files.</summary>
    public static bool IsIntact(SafetensorsFile file) => !file.Metadata.TryGetValue(Key, out string? saved) || saved == Of(file);

    // Over names, types, shapes and values, each with its length: the header's own bytes depend on how JSON is written.
    private static string Of(SafetensorsFile file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string key, string value) in file.Metadata.Where(m => m.Key != Key))
        {
            Append(hash, Encoding.UTF8.GetBytes(key));
            Append(hash, Encoding.UTF8.GetBytes(value));
        }

        foreach ((string name, Graph.Tensor tensor) in file.Tensors)
        {
            Append(hash, Encoding.UTF8.GetBytes($"{name} {tensor.ElementType} {string.Join(',', tensor.Dimensions)}"));
            Append(hash, tensor.Bytes.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
