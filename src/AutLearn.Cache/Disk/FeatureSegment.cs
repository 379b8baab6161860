using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace AutLearn.Cache.Disk;

/// <summary>One file of a <see cref="FeatureStore"/>: a header and slots of equal size; written by file writes, read through a memory map.</summary>
/// <remarks>The file is allocated in full when it is created, so that a full disk is an exception there and never a fault in the map.</remarks>
internal sealed unsafe class FeatureSegment : IDisposable
{
    /// <summary>Bytes before a row's features: checksum, variant, sample, time, label.</summary>
    public const int RowHeader = ContentAt + 8;

    // What stands before is readable in encrypted rows too.
    private const int KeyAt = 4;
    private const int ContentAt = 4 + 4 + 8 + 8;

    private readonly FileStream _stream;
    private readonly SafeFileHandle _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _bytes;

    private FeatureSegment(string path, long number, int slotSize, FileStream stream)
    {
        SafeFileHandle file = stream.SafeFileHandle;
        _stream = stream;
        Path = path;
        Number = number;
        SlotSize = slotSize;
        _file = file;
        long length = RandomAccess.GetLength(file);
        Slots = (int)((length - SegmentHeader.Size) / slotSize);
        _map = MemoryMappedFile.CreateFromFile(file, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* bytes = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref bytes);
        _bytes = bytes + _view.PointerOffset;
        SizeInBytes = length;
    }

    public string Path { get; }

    /// <summary>Gets the place in the order of creation.</summary>
    public long Number { get; }

    public int SlotSize { get; }

    public int Slots { get; }

    public long SizeInBytes { get; }

    /// <summary>Gets or sets what the store's own clock showed; in the header, in one small write that a kill cannot tear.</summary>
    public long Stamp
    {
        get => SegmentHeader.ReadStamp(new(_bytes, SegmentHeader.Size));
        set
        {
            if (value == Stamp)
                return;
            Span<byte> header = stackalloc byte[SegmentHeader.Size];
            new ReadOnlySpan<byte>(_bytes, SegmentHeader.Size).CopyTo(header);
            SegmentHeader.WriteStamp(header, value);
            RandomAccess.Write(_file, header, 0);
        }
    }

    public static FeatureSegment Create(string path, long number, int slotSize, int slots, ReadOnlySpan<byte> header)
    {
        FileStream stream = PrivateFiles.Open(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, SegmentHeader.Size + ((long)slotSize * slots));
        try
        {
            SafeFileHandle file = stream.SafeFileHandle;

            // Preallocation may keep the length at zero; writing the last byte settles it.
            RandomAccess.SetLength(file, SegmentHeader.Size + ((long)slotSize * slots));
            RandomAccess.Write(file, header, 0);
            return new(path, number, slotSize, stream);
        }
        catch
        {
            stream.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Opens a file of the expected header; null if it is damaged (not intact) or of another layout or key.</summary>
    /// <exception cref="IOException">It is no regular file, or the disk fails.</exception>
    /// <exception cref="UnauthorizedAccessException">This account may not use it.</exception>
    public static FeatureSegment? Open(string path, long number, int slotSize, int slots, ReadOnlySpan<byte> header, out bool isIntact)
    {
        PrivateFiles.Protect(path);
        FileStream stream = PrivateFiles.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        try
        {
            SafeFileHandle file = stream.SafeFileHandle;
            if (!IsRegular(file))
                throw new IOException($"'{path}' is no regular file.");
            Span<byte> found = stackalloc byte[SegmentHeader.Size];
            isIntact = RandomAccess.Read(file, found, 0) == found.Length && SegmentHeader.IsIntact(found);
            if (isIntact && SegmentHeader.AreOfOneStore(found, header))
            {
                // A torn creation leaves a shorter file, whose map would fault past its end.
                isIntact = RandomAccess.GetLength(file) == SegmentHeader.Size + ((long)slotSize * slots);
                if (isIntact)
                    return new(path, number, slotSize, stream);
            }
        }
        catch
        {
            stream.Dispose();
            throw;
        }

        stream.Dispose();
        return null;
    }

    /// <summary>Reads the key and time of a slot without checking its features; false if the slot is free.</summary>
    public bool TryReadKey(int slot, out FeatureKey key, out long written)
    {
        ReadOnlySpan<byte> row = Row(slot);
        key = new(BinaryPrimitives.ReadInt64LittleEndian(row[8..]), BinaryPrimitives.ReadInt32LittleEndian(row[4..]));
        written = BinaryPrimitives.ReadInt64LittleEndian(row[16..]);

        // A row's time is never zero, so a zeroed slot is free whatever its checksum says.
        return written != 0;
    }

    /// <summary>Gives a row's stored features if its checksum and key fit; a cipher decrypts them into the room, which has a row's size.</summary>
    public bool TryRead(int slot, FeatureKey key, RowCipher? cipher, byte[] room, out long label, out ReadOnlySpan<byte> stored)
    {
        ReadOnlySpan<byte> row = Row(slot);
        bool isIntact = TryReadKey(slot, out FeatureKey found, out _) && found == key
            && BinaryPrimitives.ReadUInt32LittleEndian(row) == Checksum.Of(row[KeyAt..]);
        if (isIntact && cipher is not null)
        {
            row.CopyTo(room);
            isIntact = cipher.TryOpen(room.AsSpan(KeyAt..ContentAt), room.AsSpan(ContentAt..^RowCipher.Overhead), room.AsSpan(^RowCipher.Overhead..));
            row = room;
        }

        label = isIntact ? BinaryPrimitives.ReadInt64LittleEndian(row[ContentAt..]) : 0;
        stored = isIntact ? row[RowHeader..] : default;
        return isIntact;
    }

    /// <summary>Writes a row whose first <see cref="RowHeader"/> bytes are still to be filled; a cipher encrypts it in place.</summary>
    public void Write(int slot, FeatureKey key, long label, long written, Span<byte> row, RowCipher? cipher)
    {
        BinaryPrimitives.WriteInt32LittleEndian(row[4..], key.Variant);
        BinaryPrimitives.WriteInt64LittleEndian(row[8..], key.SampleId);
        BinaryPrimitives.WriteInt64LittleEndian(row[16..], written);
        BinaryPrimitives.WriteInt64LittleEndian(row[ContentAt..], label);
        cipher?.Seal(row[KeyAt..ContentAt], row[ContentAt..^RowCipher.Overhead], row[^RowCipher.Overhead..]);
        BinaryPrimitives.WriteUInt32LittleEndian(row, Checksum.Of(row[KeyAt..]));
        RandomAccess.Write(_file, row, Offset(slot));
    }

    /// <summary>Overwrites a row with zeros.</summary>
    public void Erase(int slot, byte[] zeros) => RandomAccess.Write(_file, zeros.AsSpan(0, SlotSize), Offset(slot));

    public void Flush() => RandomAccess.FlushToDisk(_file);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _stream.Dispose();
    }

    // Only what can be sought has a length; reading from a pipe would wait for a writer.
    private static bool IsRegular(SafeFileHandle file)
    {
        try
        {
            return RandomAccess.GetLength(file) >= 0;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    private long Offset(int slot) => SegmentHeader.Size + ((long)slot * SlotSize);

    private ReadOnlySpan<byte> Row(int slot) => new(_bytes + Offset(slot), SlotSize);
}
