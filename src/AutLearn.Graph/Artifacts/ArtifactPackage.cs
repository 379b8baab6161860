using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using AutLearn.Graph.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>A set of device artifacts on disk: a folder or one <c>.autlearn</c> file.</summary>
/// <remarks>
/// Nothing in it is trusted: opening checks the manifest and the size of every file, and reading a file checks its hash. Nothing is
/// extracted, so no name can reach outside; models may not name data in other files; memory stays within the sizes that the manifest declares. Safe for use by several threads.
/// </remarks>
public sealed class ArtifactPackage : IDisposable
{
    private const long LargestManifest = 16L << 20;
    private const long LargestTotal = 8L << 30;
    private const int MostEntries = 4096;
    private const string ModelExtension = ".onnx";
    private const byte ModelVersionTag = 8;

    // Deflate cannot shrink by more than 1032 to 1; honest weights above this size stay far below the second ratio.
    private const long LargestDeflateRatio = 1032;
    private const long SuspiciousRatio = 250;
    private const long SuspiciousSize = 64L << 20;

    private readonly Lock _zipLock = new();
    private readonly ZipArchive? _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ArtifactFile> _files = new(StringComparer.Ordinal);
    private bool _isDisposed;

    private ArtifactPackage(string path, ZipArchive? zip)
    {
        Path = path;
        _zip = zip;
        try
        {
            IndexEntries();
            Manifest = ReadManifest();
            foreach (ArtifactFile file in Manifest.Files)
                _files.Add(file.Path, file);
            CheckSizes();
        }
        catch
        {
            zip?.Dispose();
            throw;
        }
    }

    /// <summary>Gets the folder or file.</summary>
    public string Path { get; }

    /// <summary>Gets the manifest, checked for consistency.</summary>
    public ArtifactManifest Manifest { get; }

    /// <summary>Opens a folder or a package and checks its manifest and the size of every file.</summary>
    /// <param name="path">A folder that holds <c>manifest.json</c>, or an <c>.autlearn</c> file.</param>
    /// <exception cref="InvalidArtifactException">A file is missing, has another size, or the manifest is damaged or of another version.</exception>
    /// <exception cref="FileNotFoundException">Nothing is at the path.</exception>
    /// <exception cref="IOException">A file is a pipe or a device, or cannot be read.</exception>
    public static ArtifactPackage Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            return new(path, zip: null);
        if (!File.Exists(path))
            throw new FileNotFoundException($"There are no artifacts at '{path}'. Give the folder or the {ArtifactWriter.PackageExtension} file that the compiler wrote.", path);
        var stream = RegularFile.OpenRead(path);
        ZipArchive zip;
        try
        {
            zip = new ZipArchive(stream, ZipArchiveMode.Read);
        }
        catch (Exception error) when (IsZipError(error))
        {
            bool isModel = LooksLikeModel(stream);
            stream.Dispose();
            throw new InvalidArtifactException(
                isModel
                    ? $"File '{path}' is no package but looks like a plain ONNX model. Compile it first ('autlearn compile', or ModelCompiler.Compile), and open what that writes."
                    : $"File '{path}' is no package: {error.Message} Compile or copy it again.",
                error) { File = path };
        }

        return new(path, zip);
    }

    /// <summary>Tells whether the artifacts hold a file.</summary>
    /// <param name="name">Such as <see cref="ArtifactNames.TrainStepCached"/>.</param>
    public bool Contains(string name) => _files.ContainsKey(name);

    /// <summary>Reads a file and checks its hash.</summary>
    /// <param name="name">A path of the manifest's file list.</param>
    /// <returns>A new array's memory.</returns>
    /// <exception cref="InvalidArtifactException">The manifest lists no such file, or the file is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The package is closed.</exception>
    public ReadOnlyMemory<byte> Read(string name) => ReadBytes(name);

    /// <summary>Reads every file and checks its hash.</summary>
    /// <exception cref="InvalidArtifactException">A file is damaged.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public void Verify()
    {
        foreach (ArtifactFile file in Manifest.Files)
            ReadBytes(file.Path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_zipLock)
        {
            _isDisposed = true;
            _zip?.Dispose();
        }
    }

    /// <summary>Reads a file as an array that the caller owns.</summary>
    internal byte[] ReadBytes(string name)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_files.TryGetValue(name, out ArtifactFile? file))
            throw Damaged(name, "the manifest does not list it");
        byte[] bytes = ReadRaw(name, file.SizeInBytes);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        if (!hash.SequenceEqual(Convert.FromHexString(file.Sha256)))
            throw Damaged(name, "its SHA-256 differs from the manifest's");
        if (name.EndsWith(ModelExtension, StringComparison.OrdinalIgnoreCase))
            RefuseExternalData(name, bytes);
        return bytes;
    }

    // A model begins with the field that says its version of the format, as every tool writes it.
    private static bool LooksLikeModel(FileStream file)
    {
        file.Position = 0;
        Span<byte> start = stackalloc byte[2];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start[0] == ModelVersionTag && start[1] is > 0 and < 128;
    }

    private void RefuseExternalData(string name, byte[] model)
    {
        try
        {
            if (ExternalDataScan.FindsAny(model))
                throw new InvalidArtifactException($"Model '{name}' of the artifacts at '{Path}' names data in another file, which no model of a package may. Compile the model again.") { File = name };
        }
        catch (InvalidDataException error)
        {
            throw new InvalidArtifactException($"File '{name}' of the artifacts at '{Path}' cannot be used: {error.Message}. Compile or copy the artifacts again.", error) { File = name };
        }
    }

    private void IndexEntries()
    {
        if (_zip is null)
            return;
        try
        {
            if (_zip.Entries.Count > MostEntries)
                throw Damaged(Path, $"it has {_zip.Entries.Count} entries, more than {MostEntries}");
            foreach (ZipArchiveEntry entry in _zip.Entries)
            {
                if (!ArtifactPaths.IsValid(entry.FullName))
                    throw Damaged(Path, "an entry's name is no portable relative path");
                if (!_entries.TryAdd(entry.FullName, entry))
                    throw Damaged(Path, $"it holds '{entry.FullName}' twice");
            }
        }
        catch (Exception error) when (IsZipError(error))
        {
            throw new InvalidArtifactException($"File '{Path}' is no package: {error.Message} Compile or copy it again.", error) { File = Path };
        }
    }

    private ArtifactManifest ReadManifest()
    {
        long size = SizeOf(ArtifactNames.Manifest)
            ?? throw new InvalidArtifactException($"'{Path}' holds no {ArtifactNames.Manifest}. Give the folder or package that the compiler wrote.") { File = Path };
        if (size > LargestManifest)
            throw Damaged(ArtifactNames.Manifest, $"it has {size} bytes, more than {LargestManifest}");
        byte[] bytes = ReadRaw(ArtifactNames.Manifest, size);
        ArtifactManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(bytes, ManifestJson.Default.ArtifactManifest);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NotSupportedException or FormatException or ArgumentException)
        {
            throw new InvalidArtifactException($"File '{ArtifactNames.Manifest}' in '{Path}' cannot be read: {error.Message} Compile or copy the artifacts again.", error) { File = ArtifactNames.Manifest };
        }

        if (manifest is null)
            throw Damaged(ArtifactNames.Manifest, "it holds no manifest");
        new ManifestCheck(manifest, $"{ArtifactNames.Manifest} in '{Path}'").Run();
        return manifest;
    }

    private void CheckSizes()
    {
        long total = 0;
        foreach (ArtifactFile file in _files.Values)
        {
            long size = SizeOf(file.Path) ?? throw Damaged(file.Path, "it is missing");
            if (size != file.SizeInBytes)
                throw Damaged(file.Path, $"it has {size} bytes where the manifest says {file.SizeInBytes}");
            total += size;
            if (size == 0 && _zip is null)
                throw Damaged(file.Path, "it is empty or no regular file");
            if (size > Array.MaxLength || total > LargestTotal)
                throw Damaged(file.Path, "it or all files together are larger than the limit");
        }
    }

    private long? SizeOf(string name)
    {
        if (_zip is null)
            return new FileInfo(System.IO.Path.Combine(Path, name)) is { Exists: true } file ? file.Length : null;
        return _entries.TryGetValue(name, out ZipArchiveEntry? entry) ? entry.Length : null;
    }

    private byte[] ReadRaw(string name, long size)
    {
        try
        {
            if (_zip is null)
            {
                using var file = RegularFile.OpenRead(System.IO.Path.Combine(Path, name), bufferSize: 1);
                return ReadExactly(file, name, size);
            }

            lock (_zipLock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                ZipArchiveEntry entry = _entries[name];
                long packed = entry.CompressedLength;
                if (size > (packed * LargestDeflateRatio) + SHA256.HashSizeInBytes || (size > SuspiciousSize && size / SuspiciousRatio > packed))
                    throw Damaged(name, $"it would grow from {packed} to {size} bytes");
                using Stream stream = entry.Open();
                return ReadExactly(stream, name, size);
            }
        }
        catch (Exception error) when (IsZipError(error) && _zip is not null)
        {
            throw new InvalidArtifactException($"File '{name}' in '{Path}' cannot be unpacked: {error.Message} Compile or copy the artifacts again.", error) { File = name };
        }
        catch (FileNotFoundException error)
        {
            throw new InvalidArtifactException($"File '{name}' in '{Path}' has been removed. Compile or copy the artifacts again.", error) { File = name };
        }
    }

    private byte[] ReadExactly(Stream stream, string name, long size)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)size);
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (read != bytes.Length || stream.ReadByte() >= 0)
            throw Damaged(name, $"it does not have the {size} bytes that it declares");
        return bytes;
    }

    private static bool IsZipError(Exception error) =>
        error is InvalidDataException or ArgumentException or OverflowException or NotSupportedException or EndOfStreamException
            or IOException and not (FileNotFoundException or DirectoryNotFoundException)
        && error is not ObjectDisposedException;

    private InvalidArtifactException Damaged(string name, string what) =>
        new($"File '{name}' of the artifacts at '{Path}' cannot be used: {what}. Compile or copy the artifacts again.") { File = name };
}
