namespace AutLearn.Graph.Artifacts.Official;

/// <summary>The file beside a checkpoint that holds the parameters' data where they are too large for it.</summary>
internal sealed class OfficialExternalData : IDisposable
{
    private readonly FileStream _file;

    private OfficialExternalData(FileStream file) => _file = file;

    /// <summary>Gets the length in bytes.</summary>
    public long Length => _file.Length;

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static OfficialExternalData Open(string path)
    {
        try
        {
            return new(RegularFile.OpenRead(path, bufferSize: 1));
        }
        catch (FileNotFoundException error)
        {
            throw new FileNotFoundException($"The checkpoint keeps its data in '{path}', which does not exist. Copy it beside the checkpoint.", path, error);
        }
    }

    /// <summary>Reads a tensor's data.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="offset">Where the data begin.</param>
    /// <param name="type">The element type.</param>
    /// <param name="dims">The shape.</param>
    /// <param name="spend">Is told how many bytes will be read before they are.</param>
    /// <exception cref="InvalidDataException">The file does not reach that far.</exception>
    public ReadOnlyMemory<byte> Read(string name, long offset, ElementType type, long[] dims, Action<long> spend)
    {
        long length = Shape.Of(dims).ElementCount() is { } count && type.SizeInBits() > 0
            ? type.SizeInBytes(count)
            : throw new InvalidDataException($"the type or shape of '{name}' is no tensor's");
        if (length > Length || offset > Length - length)
            throw new InvalidDataException($"the data of '{name}' lie beyond the end of '{_file.Name}'");
        spend(length);
        if (length > Array.MaxLength)
            throw new InvalidDataException($"'{name}' has {length} bytes, too many for one tensor");
        byte[] data = new byte[length];
        _file.Position = offset;
        _file.ReadExactly(data);
        return data;
    }

    public void Dispose() => _file.Dispose();
}
