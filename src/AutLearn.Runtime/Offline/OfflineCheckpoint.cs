using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Offline;

/// <summary>A training between two steps: plan, position, parameters and optimizer state, and the best parameters so far.</summary>
internal sealed class OfflineCheckpoint
{
    private const ulong Magic = 0x3130_464F_4C54_5541; // "AUTLOF01"
    private const int HashSize = 32;
    private const int Prefix = sizeof(ulong) + (3 * sizeof(int));

    public required OfflinePlan Plan { get; init; }

    public required OfflinePosition Position { get; init; }

    public required byte[] State { get; init; }

    public required byte[] Best { get; init; }

    public byte[] ToBytes()
    {
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new OfflineHeader(Plan, Position), OfflineJson.Default.OfflineHeader);
        byte[] bytes = new byte[Prefix + header.Length + State.Length + Best.Length + HashSize];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), State.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), Best.Length);
        header.CopyTo(bytes, Prefix);
        State.CopyTo(bytes, Prefix + header.Length);
        Best.CopyTo(bytes, Prefix + header.Length + State.Length);
        SHA256.HashData(bytes.AsSpan(0, bytes.Length - HashSize), bytes.AsSpan(bytes.Length - HashSize));
        return bytes;
    }

    /// <exception cref="InvalidArtifactException">The bytes are damaged.</exception>
    public static OfflineCheckpoint Parse(ReadOnlySpan<byte> bytes, string name)
    {
        Span<byte> hash = stackalloc byte[HashSize];
        if (bytes.Length < Prefix + HashSize || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic)
            throw Damaged(name, null);
        SHA256.HashData(bytes[..^HashSize], hash);
        int header = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        int state = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        int best = BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]);
        if (!hash.SequenceEqual(bytes[^HashSize..]) || header < 0 || state < 0 || best < 0 || (long)header + state + best != bytes.Length - Prefix - HashSize)
            throw Damaged(name, null);
        try
        {
            OfflineHeader? parsed = JsonSerializer.Deserialize(bytes.Slice(Prefix, header), OfflineJson.Default.OfflineHeader);
            if (parsed is null || !parsed.IsSound())
                throw Damaged(name, null);
            return new()
            {
                Plan = parsed.Plan,
                Position = parsed.Position,
                State = bytes.Slice(Prefix + header, state).ToArray(),
                Best = bytes.Slice(Prefix + header + state, best).ToArray(),
            };
        }
        catch (JsonException error)
        {
            throw Damaged(name, error);
        }
    }

    private static InvalidArtifactException Damaged(string name, Exception? inner) =>
        new($"The checkpoint '{name}' is damaged or no checkpoint of offline learning. Delete it; training then starts anew.", inner) { File = name };
}
