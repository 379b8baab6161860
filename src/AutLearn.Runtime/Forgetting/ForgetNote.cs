using System.Buffers.Binary;
using System.Security.Cryptography;
using AutLearn.Runtime.Stores;

namespace AutLearn.Runtime.Forgetting;

/// <summary>What is being forgotten, on the disk: sample numbers in a file whose room was taken before, so that a full disk does not keep anybody from forgetting.</summary>
/// <remarks>
/// The note is written over a reserve of random bytes, flushed, and renamed; a crash in between leaves the reserve or the whole note. Crossed
/// out, it becomes the reserve again, and the numbers are overwritten. Layout: magic, count, numbers, SHA-256 over all of it.
/// </remarks>
internal sealed class ForgetNote
{
    private const string PendingName = "forget.pending";
    private const string ReserveName = "forget.reserve";
    private const ulong Magic = 0x3130_4746_4C54_5541; // "AUTLFG01"
    private const int HeaderSize = sizeof(ulong) + sizeof(long);
    private const int HashSize = 32;

    private readonly IFileSystem _files;
    private readonly string _folder;
    private readonly string _pending;
    private readonly string _reserve;
    private readonly int _room;

    /// <summary>Keeps room for so many numbers. Where the disk is full already, forgetting has to do without.</summary>
    public ForgetNote(IFileSystem files, string folder, int numbers)
    {
        _files = files;
        _folder = Path.GetFullPath(folder);
        _pending = Path.Combine(_folder, PendingName);
        _reserve = Path.Combine(_folder, ReserveName);
        _room = SizeOf(numbers);
        _files.CreateFolder(_folder);
        DurableFile.Sweep(_files, _pending);
        DurableFile.Sweep(_files, _reserve);
        try
        {
            Reserve(_room);
        }
        catch (IOException)
        {
            // Tried again with the next note, which fails then where it must.
        }
    }

    public bool IsPending => Exists(_pending);

    /// <summary>Writes the note down; when this returns, it is on the disk.</summary>
    /// <exception cref="IOException">The disk fails, or is full and more is to be forgotten than room was kept for.</exception>
    public void Write(long[] numbers)
    {
        Reserve(SizeOf(numbers.Length));
        byte[] note = new byte[SizeOf(numbers.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(note, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(note.AsSpan(sizeof(ulong)), numbers.Length);
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(note.AsSpan(HeaderSize + (i * sizeof(long))), numbers[i]);
        SHA256.HashData(note.AsSpan(..^HashSize), note.AsSpan(^HashSize..));
        _files.Overwrite(_reserve, note);
        _files.Flush(_reserve);
        _files.Rename(_reserve, _pending);
        _files.FlushFolder(_folder);
    }

    /// <summary>Reads the note.</summary>
    /// <returns>Null where it is damaged or a stranger's.</returns>
    public long[]? Read()
    {
        ReadOnlySpan<byte> note = _files.Read(_pending);
        if (note.Length < HeaderSize || BinaryPrimitives.ReadUInt64LittleEndian(note) != Magic)
            return ReadBare(note);
        long count = BinaryPrimitives.ReadInt64LittleEndian(note[sizeof(ulong)..]);
        if (count < 0 || count > (note.Length - HeaderSize - HashSize) / sizeof(long))
            return null;
        ReadOnlySpan<byte> content = note[..(HeaderSize + ((int)count * sizeof(long)))];
        return SHA256.HashData(content).AsSpan().SequenceEqual(note.Slice(content.Length, HashSize)) ? ReadNumbers(content[HeaderSize..]) : null;
    }

    /// <summary>Crosses the note out and overwrites it.</summary>
    public void CrossOut()
    {
        _files.Rename(_pending, _reserve);
        _files.FlushFolder(_folder);
        Scrub(_files.Read(_reserve).Length);
    }

    private static int SizeOf(int numbers) => HeaderSize + (numbers * sizeof(long)) + HashSize;

    // Earlier versions wrote the numbers alone.
    private static long[]? ReadBare(ReadOnlySpan<byte> note) => note.Length == 0 || note.Length % sizeof(long) != 0 ? null : ReadNumbers(note);

    private static long[] ReadNumbers(ReadOnlySpan<byte> bytes)
    {
        long[] numbers = new long[bytes.Length / sizeof(long)];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * sizeof(long))..]);
        return numbers;
    }

    private void Reserve(int size)
    {
        byte[] found = Exists(_reserve) ? _files.Read(_reserve) : [];
        if (found.Length < size)
        {
            if (found.Length > 0)
                _files.Erase(_reserve);

            // Random bytes take their room on disks that compress, too.
            DurableFile.Write(_files, _reserve, RandomNumberGenerator.GetBytes(Math.Max(size, _room)));
        }
        else if (BinaryPrimitives.ReadUInt64LittleEndian(found) == Magic)
        {
            // A crash struck between crossing out and overwriting.
            Scrub(found.Length);
        }
    }

    private void Scrub(int size)
    {
        _files.Overwrite(_reserve, RandomNumberGenerator.GetBytes(size));
        _files.Flush(_reserve);
    }

    private bool Exists(string path) => _files.ListFiles(_folder).Contains(path);
}
