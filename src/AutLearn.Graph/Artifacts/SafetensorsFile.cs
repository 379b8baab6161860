using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
using AutLearn.Graph.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>Named tensors in the safetensors format: a header length, a JSON header, then the data without gaps.</summary>
/// <remarks>
/// The same tensors always give the same bytes: the widest element types first, then by name, so that every tensor is aligned to its
/// element size. Immutable; safe for use by several threads.
/// </remarks>
public sealed class SafetensorsFile
{
    private const int HeaderAlignment = 8;

    /// <summary>Creates a set of tensors.</summary>
    /// <param name="tensors">By name; the element types are the floating-point types, the integers of 8 to 64 bits, and Bool.</param>
    /// <param name="metadata">Free text by key; null for none.</param>
    /// <exception cref="ArgumentException">The format cannot hold an element type, or a name is empty or reserved.</exception>
    public SafetensorsFile(IEnumerable<KeyValuePair<string, Tensor>> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Tensors = tensors.ToImmutableSortedDictionary(StringComparer.Ordinal);
        Metadata = (metadata ?? []).ToImmutableSortedDictionary(StringComparer.Ordinal);
        foreach ((string name, Tensor tensor) in Tensors)
        {
            if (name == "__metadata__")
                throw new ArgumentException("The name '__metadata__' is reserved.", nameof(tensors));
            if (SafetensorsType.NameOf(tensor.ElementType) is null)
                throw new ArgumentException($"A safetensors file cannot hold {tensor.ElementType}, the type of tensor '{name}'.", nameof(tensors));
        }
    }

    /// <summary>Gets the tensors by name.</summary>
    public ImmutableSortedDictionary<string, Tensor> Tensors { get; }

    /// <summary>Gets the metadata.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidArtifactException">The file is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsFile Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (new FileInfo(path) is { Exists: true } file && file.Length > Array.MaxLength)
            throw new InvalidArtifactException($"File '{path}' has {file.Length} bytes, more than the {Array.MaxLength} that can be read.") { File = path };
        return Read(RegularFile.ReadAllBytes(path), path);
    }

    /// <summary>Reads tensors from memory, which they share.</summary>
    /// <param name="bytes">The bytes, which must not change afterwards.</param>
    /// <param name="name">What to call the file in errors.</param>
    /// <exception cref="InvalidArtifactException">The bytes are damaged.</exception>
    public static SafetensorsFile Read(ReadOnlyMemory<byte> bytes, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new SafetensorsReader(bytes, name).Read();
    }

    /// <summary>Encodes the tensors.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        WriteTo(stream);
        return stream.ToArray();
    }

    /// <summary>Writes the tensors into a stream.</summary>
    public void WriteTo(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        KeyValuePair<string, Tensor>[] ordered = [.. Tensors.OrderByDescending(t => t.Value.ElementType.SizeInBits())];
        ReadOnlySpan<byte> header = Header(ordered);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        int padding = -header.Length & (HeaderAlignment - 1);
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)(header.Length + padding));
        stream.Write(length);
        stream.Write(header);
        stream.Write("        "u8[..padding]);
        foreach ((_, Tensor tensor) in ordered)
            stream.Write(tensor.Bytes.Span);
    }

    /// <summary>Writes a file: into a temporary one beside it, flushed to the disk, then renamed.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(Path.GetFullPath(path), WriteTo);
    }

    private ReadOnlySpan<byte> Header(KeyValuePair<string, Tensor>[] ordered)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (!Metadata.IsEmpty)
        {
            json.WriteStartObject("__metadata__");
            foreach ((string key, string value) in Metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
        }

        long offset = 0;
        foreach ((string name, Tensor tensor) in ordered)
        {
            json.WriteStartObject(name);
            json.WriteString("dtype", SafetensorsType.NameOf(tensor.ElementType));
            json.WriteStartArray("shape");
            foreach (long dimension in tensor.Dimensions)
                json.WriteNumberValue(dimension);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(offset);
            json.WriteNumberValue(offset += tensor.Bytes.Length);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }
}
