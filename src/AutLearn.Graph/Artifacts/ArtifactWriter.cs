using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using AutLearn.Graph.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>Writes a set of artifacts as a folder or as one <c>.autlearn</c> file, with a manifest that holds every size and hash.</summary>
/// <remarks>The same content gives the same bytes. Not safe for use by several threads.</remarks>
public sealed class ArtifactWriter
{
    /// <summary>The extension of packages.</summary>
    public const string PackageExtension = ".autlearn";

    // The zip format counts from 1980; a fixed date keeps packages reproducible.
    private static readonly DateTimeOffset EntryTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A regular file, readable by all, writable by its owner (octal 100644 in the upper 16 bits).
    private const int EntryAttributes = 0x81A4 << 16;

    private readonly ArtifactManifest _manifest;
    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _files = new(StringComparer.Ordinal);

    /// <summary>Starts a set of artifacts.</summary>
    /// <param name="manifest">The description; its file list is replaced by the files added here.</param>
    public ArtifactWriter(ArtifactManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        _manifest = manifest;
    }

    /// <summary>Adds a file.</summary>
    /// <param name="path">Relative, with forward slashes, such as <c>train_step.onnx</c>; see <see cref="ArtifactNames"/>.</param>
    /// <param name="content">The bytes, which must not change before the artifacts are written.</param>
    /// <exception cref="ArgumentException">The path is no portable relative path, is the manifest's, or is taken.</exception>
    public void Add(string path, ReadOnlyMemory<byte> content)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!ArtifactPaths.IsValid(path))
            throw new ArgumentException($"'{path}' is no portable relative path.", nameof(path));
        if (path.Equals(ArtifactNames.Manifest, StringComparison.OrdinalIgnoreCase) || _files.Keys.Any(p => p.Equals(path, StringComparison.OrdinalIgnoreCase)))
            throw new ArgumentException($"The path '{path}' is taken.", nameof(path));
        _files.Add(path, content);
    }

    /// <summary>Gets the manifest with the sizes and hashes of the files added so far.</summary>
    /// <exception cref="InvalidArtifactException">The description contradicts itself, or a required file is missing.</exception>
    public ArtifactManifest Build()
    {
        ArtifactManifest manifest = _manifest with
        {
            Files = [.. _files.Select(f => new ArtifactFile(f.Key, f.Value.Length, Convert.ToHexStringLower(SHA256.HashData(f.Value.Span))))],
        };
        new ManifestCheck(manifest, ArtifactNames.Manifest).Run();
        return manifest;
    }

    /// <summary>Writes the artifacts: a package where the path ends in <see cref="PackageExtension"/>, else a folder.</summary>
    /// <returns>The manifest as written.</returns>
    /// <exception cref="InvalidArtifactException">The description contradicts itself, or a required file is missing.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public ArtifactManifest Write(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return path.EndsWith(PackageExtension, StringComparison.OrdinalIgnoreCase) ? WritePackage(path) : WriteFolder(path);
    }

    /// <summary>Writes the artifacts as a folder.</summary>
    /// <param name="folder">Created if it does not exist; files of other names in it are left alone.</param>
    /// <returns>The manifest as written.</returns>
    /// <exception cref="InvalidArtifactException">The description contradicts itself, or a required file is missing.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <remarks>Each file is replaced as a whole and the manifest comes last, so an interrupted write is noticed when the folder is opened.</remarks>
    public ArtifactManifest WriteFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArtifactManifest manifest = Build();
        string root = Path.GetFullPath(folder);
        foreach ((string path, ReadOnlyMemory<byte> content) in _files)
            WriteFile(Path.Combine(root, path), content);
        WriteFile(Path.Combine(root, ArtifactNames.Manifest), ManifestBytes(manifest));
        return manifest;
    }

    /// <summary>Writes the artifacts as one file.</summary>
    /// <param name="path">Replaced if it exists.</param>
    /// <param name="compression">How the files are stored.</param>
    /// <returns>The manifest as written.</returns>
    /// <exception cref="InvalidArtifactException">The description contradicts itself, or a required file is missing.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public ArtifactManifest WritePackage(string path, PackageCompression compression = PackageCompression.Stored)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArtifactManifest manifest = Build();
        CompressionLevel level = compression == PackageCompression.Deflated ? CompressionLevel.SmallestSize : CompressionLevel.NoCompression;
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        AtomicFile.Write(full, stream =>
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            AddEntry(zip, ArtifactNames.Manifest, ManifestBytes(manifest), level);
            foreach ((string name, ReadOnlyMemory<byte> content) in _files)
                AddEntry(zip, name, content, level);
        });
        return manifest;
    }

    private static byte[] ManifestBytes(ArtifactManifest manifest) =>
        JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.ArtifactManifest);

    private static void WriteFile(string path, ReadOnlyMemory<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, stream => stream.Write(content.Span));
    }

    private static void AddEntry(ZipArchive zip, string name, ReadOnlyMemory<byte> content, CompressionLevel level)
    {
        ZipArchiveEntry entry = zip.CreateEntry(name, level);
        entry.LastWriteTime = EntryTime;
        entry.ExternalAttributes = EntryAttributes;
        using Stream stream = entry.Open();
        stream.Write(content.Span);
    }
}
