using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace AutLearn.Cache.Disk;

/// <summary>Keeps features on disk across epochs, training windows and restarts, so that the backbone runs once a sample.</summary>
/// <remarks>
/// <para>Rows live in segment files of a fixed size, each row under a CRC-32C. A row that a crash tore, a bit flip or a truncated file is
/// a miss, never an error: everything here can be computed again from the samples. Rows of another backbone or layout are dropped when
/// the store is opened.</para>
/// <para>Where the quota is used up the oldest segment leaves. Removed rows and files are overwritten. Files are their owner's alone; with
/// <see cref="FeatureStoreOptions.KeySource"/> labels and features are encrypted, while the numbers of samples and when each row was written
/// stay readable.</para>
/// <para>Safe for use by several threads. One store at a time has the folder open. After Xu et al., Journal of Software 31(10), 2020, section 3.3.</para>
/// </remarks>
public sealed class FeatureStore : IDisposable
{
    private const string Extension = ".features";
    private const int LargestRow = 16 << 20;

    // What a larger number says was never counted up to.
    private const long LargestNumber = 999_999_999_999;

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly FeatureStoreOptions _options;
    private byte[] _header;
    private RowCipher? _cipher;
    private readonly byte[] _row;
    private readonly byte[] _zeros;
    private readonly int _slotSize;
    private readonly int _slots;
    private readonly int _maxSegments;
    private readonly List<FeatureSegment> _segments = [];
    private readonly Dictionary<FeatureKey, Place> _places = [];
    private readonly Queue<Place> _free = [];
    private long _hits;
    private long _misses;
    private long _evicted;
    private long _damaged;
    private long _invalidated;
    private long _ignored;
    private FolderLock? _folderLock;
    private bool _isDisposed;

    private FeatureStore(string folder, FeatureStoreOptions options)
    {
        _folder = folder;
        _options = options;
        int stored = options.Format == RowFormat.Float16 ? options.RowSizeInBytes / 2 : options.RowSizeInBytes;

        // Whole words keep the checksum fast and every row aligned.
        _slotSize = (FeatureSegment.RowHeader + stored + (options.KeySource is null ? 0 : RowCipher.Overhead) + 7) & ~7;
        _slots = Math.Max(1, (options.SegmentSizeInBytes - SegmentHeader.Size) / _slotSize);
        _maxSegments = (int)Math.Min(options.QuotaInBytes / (SegmentHeader.Size + ((long)_slots * _slotSize)), int.MaxValue);
        _row = new byte[_slotSize];
        _zeros = new byte[_slotSize];
        _header = CreateHeader();
    }

    /// <summary>Gets a snapshot of the counts.</summary>
    public FeatureStoreStatistics Statistics
    {
        get
        {
            lock (_lock)
                return new(_places.Count, _segments.Count, _segments.Sum(s => s.SizeInBytes), _hits, _misses, _evicted, _damaged, _invalidated, _ignored);
        }
    }

    /// <summary>Opens a store, creating the folder if it is absent.</summary>
    /// <param name="folder">For this store alone.</param>
    /// <param name="options">Sizes and rules.</param>
    /// <exception cref="ArgumentException">A size is out of range, or not even one segment fits the quota.</exception>
    /// <exception cref="FolderInUseException">Another store has the folder open, in this process or another.</exception>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static FeatureStore Open(string folder, FeatureStoreOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.RowSizeInBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.RowSizeInBytes, LargestRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.SegmentSizeInBytes, 1 << 30);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.TimeToLive, TimeSpan.Zero);
        if (options.Format == RowFormat.Float16 && options.RowSizeInBytes % sizeof(float) != 0)
            throw new ArgumentException($"Rows of {options.RowSizeInBytes} bytes hold no whole number of Float32 values.", nameof(options));
        var copy = new FeatureStoreOptions
        {
            RowSizeInBytes = options.RowSizeInBytes,
            Format = options.Format,
            QuotaInBytes = options.QuotaInBytes,
            SegmentSizeInBytes = options.SegmentSizeInBytes,
            TimeToLive = options.TimeToLive,
            BackboneKey = options.BackboneKey,
            KeySource = options.KeySource,
            TimeProvider = options.TimeProvider,
        };
        var store = new FeatureStore(folder, copy);
        if (store._maxSegments < 1)
            throw new ArgumentException($"One segment takes {SegmentHeader.Size + ((long)store._slots * store._slotSize)} bytes, more than the quota of {options.QuotaInBytes}.", nameof(options));
        PrivateFiles.CreateFolder(folder);
        try
        {
            // Before anything is read or created: an empty folder shows no sign of its owner.
            store._folderLock = FolderLock.Acquire(folder);
            store.Load();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Whether a row is there; its checksum is not read.</summary>
    public bool Contains(FeatureKey key)
    {
        lock (_lock)
            return !_isDisposed && _places.ContainsKey(key);
    }

    /// <summary>Stores or replaces a row.</summary>
    /// <param name="key">The row's name.</param>
    /// <param name="features">Exactly <see cref="FeatureStoreOptions.RowSizeInBytes"/> bytes.</param>
    /// <param name="label">Kept beside the row.</param>
    /// <returns>False if the features do not survive the format: not finite as Float16.</returns>
    /// <exception cref="ArgumentException">The size is wrong.</exception>
    /// <exception cref="IOException">The disk is full or fails; the store is as before.</exception>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    public bool TryAdd(FeatureKey key, ReadOnlySpan<byte> features, long label)
    {
        if (features.Length != _options.RowSizeInBytes)
            throw new ArgumentException($"A row takes {_options.RowSizeInBytes} bytes, not {features.Length}.", nameof(features));
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!TryEncode(features))
                return false;
            bool replaces = _places.TryGetValue(key, out Place place);
            if (!replaces)
                place = TakeRoom();
            try
            {
                place.Segment.Write(place.Slot, key, label, Now(), _row, _cipher);
            }
            catch
            {
                // Whatever reached the disk, the checksum decides; the slot can be written again.
                _places.Remove(key);
                _free.Enqueue(place);
                throw;
            }

            _places[key] = place;
            return true;
        }
    }

    /// <summary>Reads a row.</summary>
    /// <param name="key">The row's name.</param>
    /// <param name="features">Exactly <see cref="FeatureStoreOptions.RowSizeInBytes"/> bytes; unchanged on a miss.</param>
    /// <param name="label">The label stored with the row.</param>
    /// <returns>False if the row is absent, too old or damaged.</returns>
    /// <exception cref="ArgumentException">The size is wrong.</exception>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    public bool TryRead(FeatureKey key, Span<byte> features, out long label)
    {
        if (features.Length != _options.RowSizeInBytes)
            throw new ArgumentException($"A row takes {_options.RowSizeInBytes} bytes, not {features.Length}.", nameof(features));
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            label = 0;
            if (!_places.TryGetValue(key, out Place place))
            {
                _misses++;
                return false;
            }

            if (!place.Segment.TryRead(place.Slot, key, _cipher, _row, out label, out ReadOnlySpan<byte> stored))
            {
                _damaged++;
                _misses++;
                Drop(key, place);
                return false;
            }

            if (IsExpired(place))
            {
                _evicted++;
                _misses++;
                Drop(key, place);
                return false;
            }

            Decode(stored, features);
            _hits++;
            return true;
        }
    }

    /// <summary>Removes all variants of a sample and overwrites them on disk.</summary>
    /// <returns>The number of rows removed.</returns>
    /// <exception cref="IOException">The disk fails.</exception>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    public int Remove(long sampleId)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            KeyValuePair<FeatureKey, Place>[] rows = [.. _places.Where(p => p.Key.SampleId == sampleId)];
            foreach ((FeatureKey key, Place place) in rows)
                Drop(key, place);
            foreach (FeatureSegment segment in rows.Select(r => r.Value.Segment).Distinct())
                segment.Flush();
            return rows.Length;
        }
    }

    /// <summary>Removes every row, overwrites and deletes the files, and asks for the key anew.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    public void Clear()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _places.Clear();
            while (_segments.Count > 0)
                Delete(_segments[^1]);
            _cipher?.Dispose();
            _header = CreateHeader();
        }
    }

    /// <summary>Waits until all rows are on the disk.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public void Flush()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            foreach (FeatureSegment segment in _segments)
                segment.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            foreach (FeatureSegment segment in _segments)
                segment.Dispose();
            _cipher?.Dispose();
            _folderLock?.Dispose();
        }
    }

    private byte[] CreateHeader()
    {
        byte[] identity = Encoding.UTF8.GetBytes(_options.BackboneKey);
        if (_options.KeySource is { } source)
            _cipher = RowCipher.Create(source, identity, out identity);
        else
            identity = SHA256.HashData(identity);
        return SegmentHeader.Create(_slotSize, _slots, _options.Format, identity);
    }

    private void Load()
    {
        foreach ((string path, long number) in Directory.EnumerateFiles(_folder).Select(p => (Path: p, Number: NumberOf(p))).OrderBy(f => f.Number))
        {
            if (Path.GetFileName(path) == FolderLock.FileName)
                continue;
            if (number == 0 || TryOpen(path, number) is not { } segment)
            {
                _ignored += Path.Exists(path) ? 1 : 0;
                continue;
            }

            _segments.Add(segment);
            while (_segments.Count > _maxSegments)
                Evict();
            for (int slot = 0; slot < segment.Slots; slot++)
            {
                var place = new Place(segment, slot);
                if (!segment.TryReadKey(slot, out FeatureKey key, out _))
                    _free.Enqueue(place);
                else
                    Register(key, place);
            }
        }
    }

    // Null for what is passed over. All of it can be computed again, so what is damaged or of another key is deleted.
    private FeatureSegment? TryOpen(string path, long number)
    {
        try
        {
            FeatureSegment? segment = FeatureSegment.Open(path, number, _slotSize, _slots, _header, out bool isIntact);
            if (segment is not null)
                return segment;
            _ = isIntact ? _invalidated++ : _damaged++;
            PrivateFiles.Erase(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whatever it is, it stays in its place and its number is not used again.
        }

        return null;
    }

    // Only names as they are written here: a number in another spelling would stand beside its namesake.
    private long NumberOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number is > 0 and <= LargestNumber && Path.GetFileName(PathOf(number)) == Path.GetFileName(path) ? number : 0;

    private string PathOf(long number) => Path.Combine(_folder, number.ToString("D8", CultureInfo.InvariantCulture) + Extension);

    private long NextNumber()
    {
        if (_segments.Count > 0 && _segments[^1].Number >= LargestNumber)
            Clear();
        long number = _segments.Count > 0 ? _segments[^1].Number + 1 : 1;
        while (Path.Exists(PathOf(number)))
            number++;
        return number;
    }

    // A replaced row is written in place, so two rows of one key stand only after damage; the younger file's counts.
    private void Register(FeatureKey key, Place place)
    {
        if (_places.Remove(key, out Place older))
        {
            older.Segment.Erase(older.Slot, _zeros);
            _free.Enqueue(older);
            _damaged++;
        }

        _places.Add(key, place);
    }

    private Place TakeRoom()
    {
        if (_free.TryDequeue(out Place free))
            return free;
        if (_segments.Count >= _maxSegments)
            Evict();
        long number = NextNumber();
        FeatureSegment segment = FeatureSegment.Create(PathOf(number), number, _slotSize, _slots, _header);
        _segments.Add(segment);
        for (int slot = 1; slot < segment.Slots; slot++)
            _free.Enqueue(new(segment, slot));
        return new(segment, 0);
    }

    private void Evict()
    {
        FeatureSegment oldest = _segments[0];
        foreach (FeatureKey key in _places.Where(p => p.Value.Segment == oldest).Select(p => p.Key).ToArray())
        {
            _places.Remove(key);
            _evicted++;
        }

        Delete(oldest);
    }

    private void Delete(FeatureSegment segment)
    {
        Place[] kept = [.. _free.Where(p => p.Segment != segment)];
        _free.Clear();
        foreach (Place place in kept)
            _free.Enqueue(place);
        _segments.Remove(segment);
        segment.Dispose();
        PrivateFiles.Erase(segment.Path);
    }

    private void Drop(FeatureKey key, Place place)
    {
        place.Segment.Erase(place.Slot, _zeros);
        _places.Remove(key);
        _free.Enqueue(place);
    }

    private bool IsExpired(Place place) =>
        place.Segment.TryReadKey(place.Slot, out _, out long written) && Now() - written > _options.TimeToLive.TotalMilliseconds;

    private long Now() => Math.Max(1, _options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());

    private bool TryEncode(ReadOnlySpan<byte> features)
    {
        Span<byte> payload = _row.AsSpan(FeatureSegment.RowHeader);
        if (_options.Format == RowFormat.Float32)
        {
            features.CopyTo(payload);
            return true;
        }

        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(features);
        Span<Half> halves = MemoryMarshal.Cast<byte, Half>(payload);
        for (int i = 0; i < values.Length; i++)
        {
            halves[i] = (Half)values[i];
            if (!Half.IsFinite(halves[i]))
                return false;
        }

        return true;
    }

    private void Decode(ReadOnlySpan<byte> stored, Span<byte> features)
    {
        if (_options.Format == RowFormat.Float32)
        {
            stored[..features.Length].CopyTo(features);
            return;
        }

        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(stored);
        Span<float> values = MemoryMarshal.Cast<byte, float>(features);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)halves[i];
    }

    private readonly record struct Place(FeatureSegment Segment, int Slot);
}
