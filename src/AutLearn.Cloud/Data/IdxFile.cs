using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.IO.Compression;
using AutLearn.Graph;

namespace AutLearn.Cloud.Data;

/// <summary>A tensor in the IDX format of the MNIST files, plain or gzip-compressed.</summary>
/// <remarks>
/// Format: two zero bytes, a type code, the rank, the sizes as big-endian Int32, then the elements in row-major big-endian order
/// (LeCun, Cortes and Burges, "The MNIST database of handwritten digits").
/// Immutable; safe for use by several threads.
/// </remarks>
internal sealed class IdxFile
{
    /// <summary>The most bytes of elements that a file may hold.</summary>
    public const long MaximumSizeInBytes = 1L << 30;

    // Deflate cannot shrink by more than 1032 to 1; images and labels above this size stay far below the second ratio.
    private const long LargestDeflateRatio = 1032;
    private const long SuspiciousRatio = 250;
    private const long SuspiciousSize = 64L << 20;

    private readonly byte[] _data;

    private IdxFile(string path, ElementType elementType, ImmutableArray<int> dimensions, byte[] data)
    {
        Path = path;
        ElementType = elementType;
        Dimensions = dimensions;
        _data = data;
    }

    /// <summary>Gets where the file came from, for messages.</summary>
    public string Path { get; }

    public ElementType ElementType { get; }

    /// <summary>Gets the sizes, each at least 0; at least one.</summary>
    public ImmutableArray<int> Dimensions { get; }

    /// <summary>Gets the elements as stored: big-endian.</summary>
    public ReadOnlyMemory<byte> Data => _data;

    /// <summary>Reads a file.</summary>
    /// <exception cref="DataFileException">The file is missing, unreadable or damaged.</exception>
    public static IdxFile Read(string path)
    {
        try
        {
            using FileStream stream = RegularFile.OpenRead(path);
            if (stream.Length == 0)
                throw new DataFileException(path, "is empty.");
            return Read(stream, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a stream; memory is bounded by the bytes there are, never by what the header alone claims.</summary>
    /// <param name="stream">Seekable, at its start.</param>
    /// <param name="path">What to call it in messages.</param>
    /// <exception cref="DataFileException">The data are damaged.</exception>
    public static IdxFile Read(Stream stream, string path)
    {
        Span<byte> start = stackalloc byte[2];
        int got = stream.ReadAtLeast(start, 2, throwOnEndOfStream: false);
        stream.Position = 0;
        if (got < 2 || start[0] != 0x1f || start[1] != 0x8b)
            return ReadPlain(stream, stream.Length, path);
        try
        {
            using var unzipped = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true);
            return ReadPlain(unzipped, stream.Length, path);
        }
        catch (InvalidDataException e)
        {
            throw new DataFileException(path, $"the gzip data are damaged: {e.Message}", e);
        }
    }

    /// <summary>Gets the elements of a file of whole numbers of at most 32 bits.</summary>
    /// <exception cref="DataFileException">The elements are of another type.</exception>
    public int[] ToInt32()
    {
        int[] values = new int[Dimensions.Aggregate(1, static (n, d) => n * d)];
        ReadOnlySpan<byte> data = _data;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ElementType switch
            {
                ElementType.UInt8 => data[i],
                ElementType.Int8 => (sbyte)data[i],
                ElementType.Int16 => BinaryPrimitives.ReadInt16BigEndian(data[(2 * i)..]),
                ElementType.Int32 => BinaryPrimitives.ReadInt32BigEndian(data[(4 * i)..]),
                _ => throw new DataFileException(Path, $"holds {ElementType}, where whole numbers are needed."),
            };
        }

        return values;
    }

    private static IdxFile ReadPlain(Stream stream, long packed, string path)
    {
        Span<byte> magic = stackalloc byte[4];
        if (stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) < 4)
            throw new DataFileException(path, "ends inside the 4-byte IDX header.");
        ElementType type = magic[2] switch
        {
            0x08 => ElementType.UInt8,
            0x09 => ElementType.Int8,
            0x0B => ElementType.Int16,
            0x0C => ElementType.Int32,
            0x0D => ElementType.Float32,
            0x0E => ElementType.Float64,
            _ => ElementType.Undefined,
        };
        if (magic[0] != 0 || magic[1] != 0 || type == ElementType.Undefined || magic[3] is 0 or > 8)
            throw new DataFileException(path, $"is no IDX file: it starts with {Convert.ToHexString(magic)}, not 0000, a type code and a rank of 1 to 8.");

        Span<byte> sizes = stackalloc byte[4 * magic[3]];
        if (stream.ReadAtLeast(sizes, sizes.Length, throwOnEndOfStream: false) < sizes.Length)
            throw new DataFileException(path, $"ends inside the sizes of its {magic[3]} dimensions.");
        var dimensions = ImmutableArray.CreateBuilder<int>(magic[3]);
        long size = type.SizeInBits() / 8;
        bool isEmpty = false;
        for (int i = 0; i < magic[3]; i++)
        {
            int dimension = BinaryPrimitives.ReadInt32BigEndian(sizes[(4 * i)..]);
            dimensions.Add(dimension);
            isEmpty |= dimension == 0;
            if (dimension < 0)
                throw new DataFileException(path, string.Create(CultureInfo.InvariantCulture, $"dimension {i} has size {dimension}."));

            // Both factors are below 2^31 here, so the product fits; a zero later on must not hide an absurd size.
            size *= Math.Max(dimension, 1);
            if (size > MaximumSizeInBytes)
                throw new DataFileException(path, $"claims more than the {MaximumSizeInBytes} bytes that are read at most.");
        }

        return new IdxFile(path, type, dimensions.MoveToImmutable(), ReadData(stream, isEmpty ? 0 : size, packed, path));
    }

    private static byte[] ReadData(Stream stream, long size, long packed, string path)
    {
        if (size > packed * LargestDeflateRatio || (size > SuspiciousSize && size / SuspiciousRatio > packed))
            throw new DataFileException(path, $"claims {size} bytes of elements, which {packed} bytes of file cannot hold.");
        if (stream.CanSeek && size > stream.Length - stream.Position)
            throw new DataFileException(path, $"ends after {stream.Length - stream.Position} of {size} bytes of elements.");
        byte[] data = new byte[size];
        int got = stream.ReadAtLeast(data, data.Length, throwOnEndOfStream: false);
        if (got < size)
            throw new DataFileException(path, $"ends after {got} of {size} bytes of elements.");
        if (stream.ReadByte() >= 0)
            throw new DataFileException(path, $"goes on after the {size} bytes of elements that its header announces.");
        return data;
    }
}
