using AutLearn.Cache.Disk;
using AutLearn.Runtime.Stores;

namespace AutLearn.Testing.Faults;

/// <summary>
/// A file system in memory that forgets like a real one: content is durable once flushed, names once their folder is flushed. A crash keeps
/// any subset of the unflushed names in any order of files, and of unflushed content nothing, a part, a torn mixture with zeros, or all.
/// </summary>
public sealed class CrashFileSystem : IFileSystem
{
    private readonly Dictionary<string, Entry> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _durable = new(StringComparer.Ordinal);
    private readonly List<(string Path, Entry? Entry)> _pending = [];
    private readonly HashSet<string> _locked = new(StringComparer.Ordinal);

    /// <summary>Gets the operations that change something, so far.</summary>
    public int Operations { get; private set; }

    /// <summary>Gets or sets the operation, from 1, at which the power goes away; 0 for never.</summary>
    public int CrashAt { get; set; }

    /// <summary>Gets or sets the operation, from 1, that fails; 0 for none.</summary>
    public int FailAt { get; set; }

    /// <summary>Gets or sets a value indicating whether all operations after <see cref="FailAt"/> fail too.</summary>
    public bool FailsForever { get; set; }

    /// <summary>Gets or sets a value indicating whether no new content finds room; what has room can be overwritten, renamed and deleted.</summary>
    public bool IsFull { get; set; }

    /// <summary>Gets or sets the message of failures.</summary>
    public string Failure { get; set; } = "No space left on device";

    public void CreateFolder(string folder)
    {
    }

    public IReadOnlyList<string> ListFiles(string folder) =>
        [.. _names.Keys.Where(p => Path.GetDirectoryName(p) == folder).Order(StringComparer.Ordinal)];

    public bool Exists(string path) => _names.ContainsKey(path);

    // Not counted: a lock leaves nothing that a restart could find.
    public IDisposable Lock(string folder) => _locked.Add(folder) ? new FolderOwner(_locked, folder) : throw new FolderInUseException(folder);

    public byte[] Read(string path) => _names.TryGetValue(path, out Entry? entry) ? [.. entry.Content] : throw new FileNotFoundException("No such file.", path);

    public void Write(string path, ReadOnlySpan<byte> content)
    {
        byte[] bytes = content.ToArray();
        if (IsFull && bytes.Length > 0)
            throw new IOException("No space left on device");
        Act(
            () =>
            {
                var entry = new Entry { Content = bytes };
                Name(path, entry);
            },
            () => Name(path, new Entry { Content = bytes[..(bytes.Length / 2)] }));
    }

    public void Overwrite(string path, ReadOnlySpan<byte> content)
    {
        byte[] bytes = content.ToArray();
        Entry entry = _names[path];
        Act(() => bytes.CopyTo(entry.Content, 0), () => bytes.AsSpan(0, bytes.Length / 2).CopyTo(entry.Content));
    }

    public void Flush(string path) => Act(() => _names[path].Durable = [.. _names[path].Content]);

    public void Rename(string path, string target) => Act(() =>
    {
        Entry entry = _names[path];
        Name(target, entry);
        Unname(path);
    });

    public void FlushFolder(string folder) => Act(() =>
    {
        foreach ((string path, Entry? entry) in _pending.Where(p => Path.GetDirectoryName(p.Path) == folder))
            Settle(_durable, path, entry);
        _pending.RemoveAll(p => Path.GetDirectoryName(p.Path) == folder);
    });

    public void Delete(string path)
    {
        if (_names.ContainsKey(path))
            Act(() => Unname(path));
    }

    public void Erase(string path)
    {
        if (!_names.TryGetValue(path, out Entry? entry))
            return;
        Act(
            () =>
            {
                Overwrite(entry, entry.Content.Length);
                Unname(path);
            },
            () => Overwrite(entry, entry.Content.Length / 2));
    }

    public void Protect(string path)
    {
    }

    /// <summary>Flips one bit of a file.</summary>
    public void Flip(string path, long bit) => _names[path].Content[bit / 8] ^= (byte)(1 << (int)(bit % 8));

    /// <summary>What a restart finds.</summary>
    public CrashFileSystem Restart(int seed)
    {
        var random = new Random(seed);
        var names = new Dictionary<string, Entry>(_durable, StringComparer.Ordinal);
        foreach ((string path, Entry? entry) in _pending)
        {
            if (random.Next(2) == 0)
                Settle(names, path, entry);
        }

        var after = new CrashFileSystem();
        foreach ((string path, Entry entry) in names)
        {
            byte[] content = Survivor(entry, random);
            var kept = new Entry { Content = content, Durable = [.. content] };
            after._names.Add(path, kept);
            after._durable.Add(path, kept);
        }

        return after;
    }

    private static void Overwrite(Entry entry, int count)
    {
        entry.Content.AsSpan(0, count).Clear();
        entry.Durable?.AsSpan(0, Math.Min(count, entry.Durable.Length)).Clear();
    }

    private static byte[] Survivor(Entry entry, Random random)
    {
        if (entry.Durable is { } durable && durable.AsSpan().SequenceEqual(entry.Content))
            return [.. durable];
        byte[] current = entry.Content;
        switch (random.Next(4))
        {
            case 0:
                return entry.Durable is { } old ? [.. old] : [];
            case 1:
                return current[..random.Next(current.Length + 1)];
            case 2:
                byte[] torn = [.. current];
                const int Block = 64;
                for (int at = 0; at < torn.Length; at += Block)
                {
                    if (random.Next(2) == 0)
                        torn.AsSpan(at, Math.Min(Block, torn.Length - at)).Clear();
                }

                return torn;
            default:
                return [.. current];
        }
    }

    private static void Settle(Dictionary<string, Entry> names, string path, Entry? entry)
    {
        if (entry is null)
            names.Remove(path);
        else
            names[path] = entry;
    }

    private void Name(string path, Entry entry)
    {
        _names[path] = entry;
        _pending.Add((path, entry));
    }

    private void Unname(string path)
    {
        _names.Remove(path);
        _pending.Add((path, null));
    }

    private void Act(Action action, Action? half = null)
    {
        Operations++;
        if (Operations == CrashAt)
        {
            (half ?? (() => { }))();
            throw new SimulatedCrashException();
        }

        if (FailAt > 0 && (Operations == FailAt || (FailsForever && Operations > FailAt)))
        {
            (half ?? (() => { }))();
            throw new IOException(Failure);
        }

        action();
    }

    private sealed class FolderOwner(HashSet<string> locked, string folder) : IDisposable
    {
        public void Dispose() => locked.Remove(folder);
    }

    private sealed class Entry
    {
        public required byte[] Content { get; set; }

        public byte[]? Durable { get; set; }
    }
}
