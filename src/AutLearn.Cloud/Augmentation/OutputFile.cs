using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Augmentation;

/// <summary>Writes results so that a failure leaves no half-written file and loses no work.</summary>
internal static class OutputFile
{
    /// <summary>Replaces a file as a whole; its folder is created if absent.</summary>
    /// <param name="path">Where the result belongs.</param>
    /// <param name="content">The result.</param>
    /// <param name="refuge">The folder that takes the result where its place does not; null for a new temporary one.</param>
    /// <exception cref="DataFileException">The file cannot be written; the message names where the result is instead.</exception>
    public static void Write(string path, ReadOnlyMemory<byte> content, string? refuge = null) => Save(path, p => Replace(p, content.Span), refuge);

    /// <summary>Lets something save itself to a file or folder, and elsewhere where that fails.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void Save(string path, Action<string> write, string? refuge = null)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            write(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, $"cannot be written: {e.Message} {SaveElsewhere(path, write, refuge)}", e);
        }
    }

    private static string SaveElsewhere(string path, Action<string> write, string? refuge)
    {
        try
        {
            string kept = Path.Combine(refuge ?? Directory.CreateTempSubdirectory("autlearn-").FullName, Path.GetFileName(Path.TrimEndingDirectorySeparator(path)));
            write(kept);
            return $"What was made is in '{kept}'.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"Nor can it be kept elsewhere: {e.Message}";
        }
    }

    private static void Replace(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".new";
        try
        {
            using (FileStream stream = File.Create(temporary, bufferSize: 1))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
            throw;
        }
    }
}
