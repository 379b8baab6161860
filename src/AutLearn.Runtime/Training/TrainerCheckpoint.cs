using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using AutLearn.Cache.Disk;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Stores;

namespace AutLearn.Runtime.Training;

/// <summary>The folder of one training: the state between two steps, and the best state so far.</summary>
/// <remarks>
/// <c>checkpoint</c> is a magic number, the lengths of header and state, the header as JSON, the state as safetensors, and a SHA-256 over
/// all of it; it is replaced as a whole. <c>best-N</c> is the state after epoch N, written before the checkpoint that names its hash.
/// </remarks>
internal sealed class TrainerCheckpoint
{
    private const string FileName = "checkpoint";
    private const string BestPrefix = "best-";
    private const ulong Magic = 0x3130_5254_4C54_5541; // "AUTLTR01"
    private const int HashSize = 32;
    private const int Prefix = sizeof(ulong) + (2 * sizeof(int));

    private readonly IFileSystem _files;
    private readonly string _folder;
    private readonly ProfileKey? _key;

    public TrainerCheckpoint(IFileSystem files, string folder, ProfileKey? key)
    {
        _files = files;
        _folder = Path.GetFullPath(folder);
        _key = key;
    }

    /// <summary>Keeps the folder for one training, as two would replace each other's checkpoints, and erases what a killed one left. Comes first.</summary>
    /// <exception cref="FolderInUseException">Another training has it.</exception>
    public IDisposable Lock()
    {
        _files.CreateFolder(_folder);
        IDisposable folderLock = _files.Lock(_folder);
        DurableFile.Sweep(_files, FilePath);
        foreach (string path in _files.ListFiles(_folder).Where(IsBest))
        {
            _files.Protect(path);
            if (path.EndsWith(DurableFile.TemporaryExtension, StringComparison.Ordinal))
                _files.Erase(path);
        }

        return folderLock;
    }

    private string FilePath => Path.Combine(_folder, FileName);

    /// <summary>Reads the checkpoint; null where there is none.</summary>
    /// <exception cref="InvalidArtifactException">It is damaged.</exception>
    public (TrainerHeader Header, byte[] State)? Read()
    {
        if (!_files.ListFiles(_folder).Contains(FilePath))
            return null;
        ReadOnlySpan<byte> bytes = ReadFile(FilePath);
        if (bytes.Length < Prefix + HashSize || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic)
            throw Damaged(FilePath, null);
        int header = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]), state = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        if (header < 0 || state < 0 || (long)header + state != bytes.Length - Prefix - HashSize
            || !SHA256.HashData(bytes[..^HashSize]).AsSpan().SequenceEqual(bytes[^HashSize..]))
            throw Damaged(FilePath, null);
        try
        {
            TrainerHeader? parsed = JsonSerializer.Deserialize(bytes.Slice(Prefix, header), TrainerJson.Default.TrainerHeader);
            return parsed is not null && parsed.IsSound() ? (parsed, bytes[(Prefix + header)..^HashSize].ToArray()) : throw Damaged(FilePath, null);
        }
        catch (JsonException error)
        {
            throw Damaged(FilePath, error);
        }
    }

    /// <summary>Replaces the checkpoint, and forgets best states that it does not name.</summary>
    public void Write(TrainerHeader header, ReadOnlySpan<byte> state)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header, TrainerJson.Default.TrainerHeader);
        byte[] bytes = new byte[Prefix + json.Length + state.Length + HashSize];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), json.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), state.Length);
        json.CopyTo(bytes, Prefix);
        state.CopyTo(bytes.AsSpan(Prefix + json.Length));
        SHA256.HashData(bytes.AsSpan(..^HashSize), bytes.AsSpan(^HashSize..));
        WriteFile(FilePath, bytes);
        string? kept = header.Position.BestSha256 is null ? null : BestPath(header.Position.BestEpoch!.Value);
        foreach (string path in _files.ListFiles(_folder).Where(p => IsBest(p) && p != kept))
            _files.Erase(path);
    }

    public void WriteBest(int epoch, ReadOnlySpan<byte> state) => WriteFile(BestPath(epoch), state);

    /// <exception cref="InvalidArtifactException">The state is missing or damaged.</exception>
    public byte[] ReadBest(TrainerPosition position)
    {
        string path = BestPath(position.BestEpoch!.Value);
        if (!_files.ListFiles(_folder).Contains(path))
            throw Damaged(path, null);
        byte[] state = ReadFile(path).ToArray();
        return HashOf(state) == position.BestSha256 ? state : throw Damaged(path, null);
    }

    public static string HashOf(ReadOnlySpan<byte> state) => Convert.ToHexStringLower(SHA256.HashData(state));

    private ReadOnlySpan<byte> ReadFile(string path) => PersonalFile.Open(_files.Read(path), _key, Purpose(path), path).Span;

    private void WriteFile(string path, ReadOnlySpan<byte> content) =>
        DurableFile.Write(_files, path, _key is null ? content : _key.Seal(content, Purpose(path)));

    private static string Purpose(string path) => "trainer/" + Path.GetFileName(path);

    // Of the user's own files none is taken for ours.
    private static bool IsBest(string path)
    {
        string name = Path.GetFileName(path);
        if (name.EndsWith(DurableFile.TemporaryExtension, StringComparison.Ordinal))
            name = name[..^DurableFile.TemporaryExtension.Length];
        return name.StartsWith(BestPrefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(BestPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    private string BestPath(int epoch) => Path.Combine(_folder, $"{BestPrefix}{epoch}");

    private static InvalidArtifactException Damaged(string path, Exception? inner) =>
        new($"The checkpoint file '{path}' is missing, damaged or no checkpoint of a trainer. Delete its folder to start training anew.", inner) { File = path };
}
