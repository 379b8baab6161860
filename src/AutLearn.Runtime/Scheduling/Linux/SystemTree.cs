using System.Buffers;
using System.Globalization;
using System.Text;

namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>Reads the small text files by which a Linux kernel describes the device, below a root that tests replace.</summary>
/// <remarks>A file that is absent, forbidden or failing gives null: drivers come and go, and each may refuse a read.</remarks>
internal sealed class SystemTree(string root)
{
    private const int SizeLimitInBytes = 4096;
    private const int EntryLimit = 256;
    private static readonly TimeSpan ClockError = TimeSpan.FromMinutes(1);

    public string Root { get; } = Path.GetFullPath(root);

    public bool Exists(string path) => Path.Exists(Full(path));

    public string? Text(string path)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(SizeLimitInBytes);
        try
        {
            using var file = new FileStream(Full(path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            int read = file.ReadAtLeast(bytes.AsSpan(0, SizeLimitInBytes), SizeLimitInBytes, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(bytes, 0, read).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    public long? Number(string path) =>
        long.TryParse(Text(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null;

    /// <summary>Lists what is in a folder, by full path from the root and in order of name; null where there is no such folder.</summary>
    public IReadOnlyList<string>? Entries(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(Full(folder)).Take(EntryLimit).Select(e => $"{folder}/{Path.GetFileName(e)}").Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Gets the time since a file was last read or written, as terminals tell when their user last typed; null if it was after now: the clock was set.</summary>
    public TimeSpan? Age(string path, DateTimeOffset now)
    {
        try
        {
            string full = Full(path);
            if (!File.Exists(full))
                return null;
            DateTime used = File.GetLastAccessTimeUtc(full);
            TimeSpan age = now.UtcDateTime - used;
            return age >= TimeSpan.Zero ? age : -age < ClockError ? TimeSpan.Zero : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string Full(string path) => Path.Combine(Root, path);
}
