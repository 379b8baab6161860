using System.Globalization;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Stores;

/// <summary>The files of a folder of generations: their names, how they read, and how they leave.</summary>
/// <remarks>Knows nothing of which generation is wanted. The store locks around it.</remarks>
internal sealed class GenerationFolder(string folder, IFileSystem files, ProfileKey? key, ILogger logger)
{
    /// <summary>Twelve digits: what a longer name says was never counted up to.</summary>
    public const long LargestNumber = 999_999_999_999;

    private const string Extension = ".generation";

    public string PathOf(long number) => Path.Combine(folder, number.ToString("D12", CultureInfo.InvariantCulture) + Extension);

    /// <summary>Lists the generations, newest first.</summary>
    public List<(long Number, string Path)> Numbers() =>
        [.. files.ListFiles(folder).Select(p => (Number: NumberOf(p), Path: p)).Where(g => g.Number > 0).OrderByDescending(g => g.Number)];

    /// <summary>Lists the names of files that are no generations.</summary>
    public IEnumerable<string> Strangers() =>
        files.ListFiles(folder).Where(p => NumberOf(p) == 0 && !p.EndsWith(DurableFile.TemporaryExtension, StringComparison.Ordinal)).Select(p => Path.GetFileName(p));

    /// <summary>Gets the first number from one on under which no file stands.</summary>
    public long FirstFree(long number)
    {
        while (files.Exists(PathOf(number)))
            number++;
        return number;
    }

    public byte[] Encode(long number, ReadOnlySpan<byte> content) => key?.Seal(content, PurposeOf(number)) ?? GenerationFile.Encode(number, content);

    /// <summary>Reads a generation; null where it is damaged or cannot be read now.</summary>
    public Generation? Read(string path, long number, out GenerationFileState state)
    {
        byte[] bytes;
        state = GenerationFileState.Sealed;
        try
        {
            bytes = files.Read(path);
            if (SealedContent.IsSealed(bytes))
                return new(number, PersonalFile.Open(bytes, key, PurposeOf(number), path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidArtifactException)
        {
            // What is sealed with another key may be opened once the right one is back.
            Log.GenerationUnreadable(logger, number, error);
            state = GenerationFileState.Unreadable;
            return null;
        }

        Generation? plain = GenerationFile.Decode(number, bytes);
        state = plain is null ? GenerationFileState.Damaged : GenerationFileState.Plain;
        return plain;
    }

    /// <summary>Writes a plain generation's content anew, sealed. A crash between erasing and renaming costs it.</summary>
    public void Seal(Generation plain, string path)
    {
        string temporary = path + DurableFile.TemporaryExtension;
        files.Write(temporary, Encode(plain.Number, plain.Content.Span));
        files.Flush(temporary);
        files.Erase(path);
        files.Rename(temporary, path);
        files.FlushFolder(folder);
    }

    /// <summary>Erases what a killed commit left, and sets modes that former versions did not.</summary>
    public void Sweep()
    {
        foreach (string path in files.ListFiles(folder).Where(IsOurs))
        {
            files.Protect(path);
            if (path.EndsWith(DurableFile.TemporaryExtension, StringComparison.Ordinal))
                TryErase(path);
        }
    }

    /// <summary>Erases every generation and what commits left of them.</summary>
    public void Clear()
    {
        foreach (string path in files.ListFiles(folder).Where(IsOurs))
            Erase(path);
        files.FlushFolder(folder);
    }

    public void TryErase(string path)
    {
        try
        {
            Erase(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.LeftoverKept(logger, error);
        }
    }

    private static bool IsOurs(string path) =>
        path.EndsWith(Extension, StringComparison.Ordinal) || path.EndsWith(Extension + DurableFile.TemporaryExtension, StringComparison.Ordinal);

    private static string PurposeOf(long number) => string.Create(CultureInfo.InvariantCulture, $"generation/{number}");

    // Only names as they are written here: a number in another spelling would stand beside its namesake.
    private long NumberOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number is > 0 and <= LargestNumber && PathOf(number) == path ? number : 0;

    private void Erase(string path)
    {
        if (path.EndsWith(DurableFile.TemporaryExtension, StringComparison.Ordinal))
            files.Erase(path);
        else
            DurableFile.Erase(files, path);
    }
}
