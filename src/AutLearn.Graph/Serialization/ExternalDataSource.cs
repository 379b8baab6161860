using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf.Collections;

namespace AutLearn.Graph.Serialization;

/// <summary>Reads tensor data from files beside the model.</summary>
/// <remarks>
/// The folder is a wall: absolute paths, "..", and links that lead outside are refused, but for links that stay within a wider folder where one is
/// given. Equal regions are read once and
/// different ones may not overlap, by whatever path they are named, so that all tensors together never take more memory than the files are long.
/// </remarks>
internal sealed class ExternalDataSource(string? folder, string? linksWithin = null)
{
    private const int LongestLocation = 4096;

    // The systems' own limit for one path.
    private const int MostLinks = 40;

    // One file has many paths: "w.bin", "./w.bin", a link.
    private readonly Dictionary<string, DataFile> _byLocation = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DataFile> _byPath = new(OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the region that a tensor names.</summary>
    public ReadOnlyMemory<byte> Read(RepeatedField<StringStringEntryProto> entries, long size, Func<string> what, ReadContext context)
    {
        string? location = null;
        string? checksum = null;
        long offset = 0;
        long length = size;
        foreach (StringStringEntryProto entry in entries)
        {
            switch (entry.Key)
            {
                case "location":
                    location = entry.Value;
                    break;
                case "offset":
                    offset = Number(entry, what, context);
                    break;
                case "length":
                    length = Number(entry, what, context);
                    break;
                case "checksum":
                    checksum = entry.Value;
                    break;
            }
        }

        if (string.IsNullOrEmpty(location))
            throw context.Invalid($"{what()} names no external file");
        if (length != size)
            throw context.Invalid($"{what()} takes {size} bytes but its external data has {length}");
        if (size == 0)
            return default;
        DataFile file = Find(location, what, context);

        if (offset > file.Length - size)
            throw context.Invalid($"{what()} lies at {offset} to {(Int128)offset + size} of external file {ReadContext.Quote(location)}, which has {file.Length} bytes");
        if (size > Array.MaxLength)
            throw context.Invalid($"{what()} takes {size} bytes, more than one tensor may have");
        if (checksum is not null && !file.HasChecksum(checksum))
            throw context.Invalid($"external file {ReadContext.Quote(location)} does not have the checksum that {what()} names; it is damaged or belongs to another model");
        return file.Read(offset, (int)size)
            ?? throw context.Invalid($"{what()} shares part of external file {ReadContext.Quote(location)} with another tensor; regions may not overlap");
    }

    private static long Number(StringStringEntryProto entry, Func<string> what, ReadContext context) =>
        long.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw context.Invalid($"{what()} has the {entry.Key} {ReadContext.Quote(entry.Value)} in its external file, which is no number");

    private DataFile Find(string location, Func<string> what, ReadContext context)
    {
        if (_byLocation.TryGetValue(location, out DataFile? file))
            return file;
        string path = Locate(location, what, context);
        if (!_byPath.TryGetValue(path, out file))
        {
            file = new DataFile(path);
            _byPath.Add(path, file);
        }

        _byLocation.Add(location, file);
        return file;
    }

    private string Locate(string location, Func<string> what, ReadContext context)
    {
        if (folder is null)
            throw context.Invalid($"{what()} has its data in an external file, but the model was read without a folder");
        if (location.Length > LongestLocation)
            throw context.Invalid($"{what()} names the external file {ReadContext.Quote(location)} by a path of {location.Length} characters");
        string[] parts = location.Split('/', '\\');
        if (location.Contains('\0', StringComparison.Ordinal) || location.Contains(':', StringComparison.Ordinal)
            || location[0] is '/' or '\\' || Path.IsPathRooted(location) || parts.Contains(".."))
        {
            throw context.Invalid($"{what()} names the external file {ReadContext.Quote(location)}; it must lie in the model's folder");
        }

        string root = RealPath(Path.GetFullPath(folder)) ?? throw Absent(location, what, context);
        string path = RealPath(Path.GetFullPath(Path.Combine([root, .. parts.Where(p => p is not ("" or "."))]))) ?? throw Absent(location, what, context);
        if (!IsWithin(path, root) && !(linksWithin is not null && RealPath(Path.GetFullPath(linksWithin)) is { } wider && IsWithin(path, wider)))
            throw context.Invalid($"{what()} names the external file {ReadContext.Quote(location)}, which leads outside {(linksWithin is null ? "the model's folder. Where it is a link into a hub's cache, say within which folder links may lead" : $"the model's folder and {ReadContext.Quote(linksWithin)}")}");
        return File.Exists(path) ? path : throw Absent(location, what, context);
    }

    private static bool IsWithin(string path, string folder) =>
        path.StartsWith(folder.EndsWith(Path.DirectorySeparatorChar) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static InvalidModelException Absent(string location, Func<string> what, ReadContext context) =>
        context.Invalid($"{what()} names the external file {ReadContext.Quote(location)}, which does not exist in the model's folder");

    // The path without links in any of its parts; a link may lead through other links. Null where links lead in a circle.
    private static string? RealPath(string path)
    {
        string real = Path.GetPathRoot(path)!;
        var parts = new Stack<string>(Path.GetRelativePath(real, path).Split(Path.DirectorySeparatorChar).Reverse());
        int links = 0;
        while (parts.TryPop(out string? part))
        {
            if (part is "" or ".")
                continue;
            string next = Path.GetFullPath(Path.Combine(real, part));
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
                return null;
            if (Path.IsPathRooted(target))
                real = Path.GetPathRoot(target)!;
            foreach (string step in target.Split('/', Path.DirectorySeparatorChar).Reverse())
                parts.Push(step);
        }

        return real;
    }

    private sealed class DataFile(string path)
    {
        private readonly Dictionary<(long Offset, int Size), ReadOnlyMemory<byte>> _regions = [];
        private readonly SortedSet<(long Start, long End)> _taken = [];
        private string? _checksum;

        public long Length { get; } = new FileInfo(path).Length;

        public ReadOnlyMemory<byte>? Read(long offset, int size)
        {
            if (_regions.TryGetValue((offset, size), out ReadOnlyMemory<byte> region))
                return region;
            (long Start, long End) wanted = (offset, offset + size);
            if (_taken.GetViewBetween((long.MinValue, 0), (wanted.End - 1, long.MaxValue)) .Max.End > offset)
                return null;
            byte[] bytes = new byte[size];
            using (var stream = RegularFile.OpenRead(path))
            {
                stream.Position = offset;
                stream.ReadExactly(bytes);
            }

            _taken.Add(wanted);
            _regions.Add((offset, size), bytes);
            return bytes;
        }

        [SuppressMessage("Security", "CA5350", Justification = "The file format prescribes SHA-1; it guards against damage, not against attackers.")]
        public bool HasChecksum(string expected)
        {
            if (_checksum is null)
            {
                using var stream = RegularFile.OpenRead(path);
                _checksum = Convert.ToHexString(SHA1.HashData(stream));
            }

            return string.Equals(expected, _checksum, StringComparison.OrdinalIgnoreCase);
        }
    }
}
