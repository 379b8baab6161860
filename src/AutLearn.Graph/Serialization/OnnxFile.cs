using Google.Protobuf;

namespace AutLearn.Graph.Serialization;

/// <summary>Reads and writes ONNX files.</summary>
/// <remarks>
/// What the IR does not model is carried along unchanged. Input is not trusted: damaged or hostile files raise
/// <see cref="InvalidModelException"/>, and memory stays in proportion to the size of the files. Safe for use by several threads,
/// one model each.
/// </remarks>
public static class OnnxFile
{
    /// <summary>Reads a model and its external data.</summary>
    /// <param name="path">The file; external data must lie in its folder.</param>
    /// <exception cref="InvalidModelException">The file is damaged, inconsistent, or of a version that cannot be read.</exception>
    /// <exception cref="IOException">It is a pipe or a device, or cannot be read.</exception>
    public static OnnxModel Read(string path) => ReadWithLinks(path, null);

    /// <summary>Reads a model whose external data may be links to elsewhere, as the caches of model hubs keep every file.</summary>
    /// <param name="path">The file; external data must be named within its folder.</param>
    /// <param name="linksWithin">The folder, such as the whole cache, that links may lead to anywhere within, and no further.</param>
    /// <exception cref="InvalidModelException">The file is damaged, inconsistent, or of a version that cannot be read, or a link leads outside.</exception>
    /// <exception cref="IOException">It is a pipe or a device, or cannot be read.</exception>
    public static OnnxModel Read(string path, string linksWithin)
    {
        ArgumentException.ThrowIfNullOrEmpty(linksWithin);
        return ReadWithLinks(path, linksWithin);
    }

    /// <summary>Reads a model from a stream, up to its end.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="name">What to call the model in errors.</param>
    /// <param name="externalDataFolder">Where external data lies; null refuses models that have any.</param>
    /// <exception cref="InvalidModelException">The bytes are damaged, inconsistent, or of a version that cannot be read.</exception>
    public static OnnxModel Read(Stream stream, string name, string? externalDataFolder = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(name);
        return Read(stream, name, externalDataFolder, linksWithin: null);
    }

    private static OnnxModel ReadWithLinks(string path, string? linksWithin)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        using var stream = RegularFile.OpenRead(full, bufferSize: 1);
        return Read(stream, path, Path.GetDirectoryName(full), linksWithin);
    }

    private static OnnxModel Read(Stream stream, string name, string? externalDataFolder, string? linksWithin)
    {
        long length = stream.CanSeek ? stream.Length - stream.Position : 0;
        if (length > ModelWriter.LargestFile)
            throw TooLarge(name);
        if (stream.CanSeek)
        {
            byte[] bytes = new byte[length];
            int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return ModelReader.Read(bytes.AsSpan(0, read), name, externalDataFolder, linksWithin);
        }

        using var memory = new MemoryStream();
        byte[] chunk = new byte[1 << 16];
        for (int count = stream.Read(chunk); count > 0; count = stream.Read(chunk))
        {
            if (memory.Length + count > ModelWriter.LargestFile)
                throw TooLarge(name);
            memory.Write(chunk, 0, count);
        }

        return ModelReader.Read(memory.GetBuffer().AsSpan(0, (int)memory.Length), name, externalDataFolder, linksWithin);
    }

    /// <summary>Reads a model from memory.</summary>
    /// <param name="bytes">The bytes, which may change afterwards.</param>
    /// <param name="name">What to call the model in errors.</param>
    /// <param name="externalDataFolder">Where external data lies; null refuses models that have any.</param>
    /// <exception cref="InvalidModelException">The bytes are damaged, inconsistent, or of a version that cannot be read.</exception>
    public static OnnxModel Read(ReadOnlyMemory<byte> bytes, string name, string? externalDataFolder = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ModelReader.Read(bytes.Span, name, externalDataFolder);
    }

    /// <summary>Writes a model: into a temporary file beside the target, flushed to the disk, then renamed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file, replaced if it exists.</param>
    /// <param name="options">How to write; null for one file.</param>
    /// <exception cref="AutLearnException">The model is larger than one file can be; write large tensors to an external file.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <remarks>
    /// The same model always gives the same bytes. External data is renamed into place before the model; its checksum
    /// stands in the model, so that a pair torn by a power failure is noticed when it is read.
    /// </remarks>
    public static void Write(OnnxModel model, string path, OnnxWriteOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        ExternalDataSink? external = options?.ExternalDataThresholdInBytes is { } threshold
            ? new ExternalDataSink(threshold, options.ExternalDataFileName ?? Path.GetFileName(full) + ".data")
            : null;
        Schema.ModelProto proto = new ModelWriter(path, external, NamesFor(model, options)).Write(model);
        external?.WriteTo(Path.GetDirectoryName(full)!);
        AtomicFile.Write(full, proto.WriteTo);
    }

    /// <summary>Encodes a model.</summary>
    /// <param name="model">The model.</param>
    /// <returns>What <see cref="Write"/> puts into one file; always the same bytes for the same model.</returns>
    /// <exception cref="AutLearnException">The model is larger than one file can be.</exception>
    public static byte[] ToBytes(OnnxModel model) => ToBytes(model, new OnnxWriteOptions());

    /// <summary>Encodes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How to write; there is no external file.</param>
    /// <returns>What <see cref="Write"/> puts into one file; always the same bytes for the same model.</returns>
    /// <exception cref="AutLearnException">The model is larger than one file can be.</exception>
    public static byte[] ToBytes(OnnxModel model, OnnxWriteOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        return new ModelWriter(model.Graph.Name, external: null, NamesFor(model, options)).Write(model).ToByteArray();
    }

    private static InnerNames? NamesFor(OnnxModel model, OnnxWriteOptions? options) => options is { IsCompact: true } ? new(model.Graph) : null;

    private static InvalidModelException TooLarge(string name) =>
        new($"Model '{name}' is larger than 2 GB, more than one ONNX file can hold. Store large tensors as external data.") { File = name };
}
