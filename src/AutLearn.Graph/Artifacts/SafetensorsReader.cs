using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;

namespace AutLearn.Graph.Artifacts;

/// <summary>Decodes safetensors files that nobody vouches for.</summary>
internal sealed class SafetensorsReader(ReadOnlyMemory<byte> bytes, string name)
{
    private const int LargestHeader = 100_000_000;
    private const int LargestRank = 64;

    public SafetensorsFile Read()
    {
        if (bytes.Length < sizeof(ulong))
            throw Damaged($"it has {bytes.Length} bytes, too few for a header");
        ulong declared = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span);
        if (declared > LargestHeader || declared > (ulong)(bytes.Length - sizeof(ulong)))
            throw Damaged($"its header claims {declared} bytes of a file of {bytes.Length}");
        int headerLength = (int)declared;
        ReadOnlyMemory<byte> data = bytes[(sizeof(ulong) + headerLength)..];
        var metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        Dictionary<string, Entry> entries;
        try
        {
            entries = ReadHeader(bytes.Span.Slice(sizeof(ulong), headerLength), metadata);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidArtifactException($"File '{name}' is no safetensors file: its header cannot be read: {error.Message}", error) { File = name };
        }

        CheckCoverage(entries, data.Length);
        var tensors = ImmutableSortedDictionary.CreateBuilder<string, Tensor>(StringComparer.Ordinal);
        foreach ((string key, Entry entry) in entries)
            tensors.Add(key, new Tensor(entry.Type, entry.Shape, data[entry.Begin..entry.End]));
        return new(tensors.ToImmutable(), metadata.ToImmutable());
    }

    private Dictionary<string, Entry> ReadHeader(ReadOnlySpan<byte> header, ImmutableSortedDictionary<string, string>.Builder metadata)
    {
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 8 });
        Expect(ref json, JsonTokenType.StartObject);
        bool hasMetadata = false;
        while (NextName(ref json) is { } key)
        {
            if (key == "__metadata__")
            {
                if (hasMetadata)
                    throw Damaged("its header holds the metadata twice");
                hasMetadata = true;
                ReadMetadata(ref json, metadata);
            }
            else if (!entries.TryAdd(key, ReadEntry(ref json, key)))
            {
                throw Damaged($"it holds tensor '{key}' twice");
            }
        }

        if (json.Read())
            throw Damaged("text follows its header");
        return entries;
    }

    private void ReadMetadata(ref Utf8JsonReader json, ImmutableSortedDictionary<string, string>.Builder metadata)
    {
        Expect(ref json, JsonTokenType.StartObject);
        while (NextName(ref json) is { } key)
        {
            Expect(ref json, JsonTokenType.String);
            if (!metadata.TryAdd(key, json.GetString()!))
                throw Damaged($"its metadata holds '{key}' twice");
        }
    }

    private Entry ReadEntry(ref Utf8JsonReader json, string key)
    {
        Expect(ref json, JsonTokenType.StartObject);
        string? type = null;
        List<long>? shape = null, offsets = null;
        while (NextName(ref json) is { } member)
        {
            switch (member)
            {
                case "dtype" when type is null:
                    Expect(ref json, JsonTokenType.String);
                    type = json.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref json, LargestRank, key);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref json, 2, key);
                    break;
                default:
                    throw Damaged($"tensor '{key}' has the unknown or repeated member '{member}'");
            }
        }

        ElementType elementType = SafetensorsType.Parse(type);
        if (elementType == ElementType.Undefined)
            throw Damaged($"tensor '{key}' has the element type '{type}', which cannot be read");
        if (shape is null || offsets is not { Count: 2 })
            throw Damaged($"tensor '{key}' lacks its shape or its two offsets");
        return Check(key, elementType, [.. shape], offsets[0], offsets[1]);
    }

    private Entry Check(string key, ElementType type, long[] shape, long begin, long end)
    {
        if (begin > end || end > bytes.Length)
            throw Damaged($"tensor '{key}' claims the bytes {begin} to {end}, outside the file");
        long size;
        try
        {
            long count = 1;
            foreach (long dimension in shape)
                count = checked(count * dimension);
            size = type.SizeInBytes(count);
        }
        catch (OverflowException error)
        {
            throw new InvalidArtifactException($"File '{name}' is damaged: the shape of tensor '{key}' is too large.", error) { File = name };
        }

        if (size != end - begin)
            throw Damaged($"tensor '{key}' has {end - begin} bytes where its shape takes {size}");
        return new(type, shape, (int)begin, (int)end);
    }

    /// <summary>The format allows neither gaps nor overlaps, so nothing can hide between tensors.</summary>
    private void CheckCoverage(Dictionary<string, Entry> entries, int dataLength)
    {
        int position = 0;
        foreach ((string key, Entry entry) in entries.OrderBy(e => e.Value.Begin).ThenBy(e => e.Value.End))
        {
            if (entry.Begin != position)
                throw Damaged($"tensor '{key}' begins at byte {entry.Begin} of the data where byte {position} was expected (a gap or an overlap)");
            position = entry.End;
        }

        if (position != dataLength)
            throw Damaged($"its tensors take {position} bytes of {dataLength}");
    }

    private List<long> ReadNumbers(ref Utf8JsonReader json, int most, string key)
    {
        Expect(ref json, JsonTokenType.StartArray);
        var numbers = new List<long>();
        while (json.Read() && json.TokenType == JsonTokenType.Number)
        {
            if (numbers.Count == most || !json.TryGetInt64(out long number) || number < 0)
                throw Damaged($"tensor '{key}' has a shape or offset that is no list of at most {most} numbers of at least 0");
            numbers.Add(number);
        }

        return json.TokenType == JsonTokenType.EndArray ? numbers : throw Damaged($"tensor '{key}' has a shape or offset that is no list of numbers");
    }

    private string? NextName(ref Utf8JsonReader json)
    {
        if (!json.Read())
            throw Damaged("its header ends early");
        return json.TokenType switch
        {
            JsonTokenType.PropertyName => json.GetString(),
            JsonTokenType.EndObject => null,
            _ => throw Damaged($"its header holds {json.TokenType} where a name was expected"),
        };
    }

    private void Expect(ref Utf8JsonReader json, JsonTokenType token)
    {
        if (!json.Read() || json.TokenType != token)
            throw Damaged($"its header holds {json.TokenType} where {token} was expected");
    }

    private InvalidArtifactException Damaged(string what) =>
        new($"File '{name}' is no valid safetensors file: {what}. Write it again or restore it from a copy.") { File = name };

    private readonly record struct Entry(ElementType Type, long[] Shape, int Begin, int End);
}
