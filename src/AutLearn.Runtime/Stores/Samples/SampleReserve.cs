using System.Security.Cryptography;
using AutLearn.Cache.Disk;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>A file that takes the room which the journal of a removal needs, so that forgetting works on a full disk.</summary>
/// <remarks>SQLite writes each page that a removal overwrites to its journal first: as much as the sample has, and a few pages of the tree.</remarks>
internal sealed class SampleReserve(string path)
{
    private const int Block = 1 << 16;
    private const int TreeBytes = 1 << 16;

    private long _size;

    public string Path => path;

    /// <summary>Takes room for the removal of a sample of this size, where it is not taken yet.</summary>
    /// <exception cref="IOException">The disk is full; what was taken before stands.</exception>
    public void Keep(long sampleSizeInBytes)
    {
        long size = sampleSizeInBytes + (sampleSizeInBytes / 64) + TreeBytes;
        if (size <= _size)
            return;
        PrivateFiles.Protect(path);
        using FileStream file = PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        long before = file.Length;
        _size = before;
        if (size <= before)
            return;
        try
        {
            // Random bytes take their room on disks that compress or leave holes, too.
            byte[] bytes = RandomNumberGenerator.GetBytes(Block);
            file.Seek(0, SeekOrigin.End);
            while (file.Length < size)
                file.Write(bytes, 0, (int)Math.Min(Block, size - file.Length));
            file.Flush(flushToDisk: true);
        }
        catch
        {
            file.SetLength(before);
            throw;
        }

        _size = file.Length;
    }

    /// <summary>Gives the room back to the disk.</summary>
    public void Release()
    {
        File.Delete(path);
        _size = 0;
    }
}
