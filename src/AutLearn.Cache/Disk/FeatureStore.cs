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
    private AgeClock? _clock;
    private bool _isDisposed;

    private FeatureStore(string folder, FeatureStoreOptions options)
    {
        _folder = folder;
        _options = options;
        int stored = RowCodec.SizeOf(options.Format, options.RowSizeInBytes);

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
        options.Validate();
        var store = new FeatureStore(folder, options.Copy());
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
            if (!RowCodec.TryEncode(_options.Format, features, _row.AsSpan(FeatureSegment.RowHeader)))
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

            RowCodec.Decode(_options.Format, stored, features);
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
            SaveClock();
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
            SaveClock();
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
        _segments.AddRange(SegmentFolder.Open(_folder, _slotSize, _slots, _header, out int damaged, out int invalidated, out int ignored));
        (_damaged, _invalidated, _ignored) = (damaged, invalidated, ignored);
        while (_segments.Count > _maxSegments)
            Evict();
        _clock = AgeStamp.Open(_segments.Max(s => (long?)s.Stamp), _options.TimeProvider);
        foreach (FeatureSegment segment in _segments)
        {
            for (int slot = 0; slot < segment.Slots; slot++)
            {
                var place = new Place(segment, slot);
                if (!segment.TryReadKey(slot, out FeatureKey key, out long written))
                    _free.Enqueue(place);
                else if (IsBelievable(place, key, written))
                    Register(key, place);
                else
                    Erase(place);
            }
        }

        foreach ((FeatureKey key, Place place) in _places.Where(p => IsExpired(p.Value)).ToArray())
        {
            _evicted++;
            Drop(key, place);
        }

        SaveClock();
    }

    // Without a segment there is nothing that could expire.
    private void SaveClock()
    {
        _clock?.Observe();
        if (_clock is null || _segments.Count == 0)
            return;
        try
        {
            _segments[^1].Stamp = AgeStamp.Of(_clock);
        }
        catch (IOException)
        {
            // What is lost is what this life saw pass while the wall clock was wrong; rows can be read all the same.
        }
    }

    // A row from after the clock was last saved proves that time has passed, if it is whole.
    private bool IsBelievable(Place place, FeatureKey key, long written)
    {
        if (written > 0 && written <= Now())
            return true;
        if (written <= 0 || written > AgeStamp.Oldest.TotalMilliseconds || !place.Segment.TryRead(place.Slot, key, _cipher, _row, out _, out _))
            return false;
        _clock!.AtLeast(TimeSpan.FromMilliseconds(written));
        return true;
    }

    private long NextNumber()
    {
        if (_segments.Count > 0 && _segments[^1].Number >= SegmentName.LargestNumber)
            Clear();
        long number = _segments.Count > 0 ? _segments[^1].Number + 1 : 1;
        while (Path.Exists(SegmentName.PathOf(_folder, number)))
            number++;
        return number;
    }

    // A replaced row is written in place, so two rows of one key stand only after damage; the younger file's counts.
    private void Register(FeatureKey key, Place place)
    {
        if (_places.Remove(key, out Place older))
            Erase(older);
        _places.Add(key, place);
    }

    private void Erase(Place damaged)
    {
        damaged.Segment.Erase(damaged.Slot, _zeros);
        _free.Enqueue(damaged);
        _damaged++;
    }

    private Place TakeRoom()
    {
        if (_free.TryDequeue(out Place free))
            return free;
        if (_segments.Count >= _maxSegments)
            Evict();
        long number = NextNumber();
        FeatureSegment segment = FeatureSegment.Create(SegmentName.PathOf(_folder, number), number, _slotSize, _slots, _header);
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

    // The store's own age in milliseconds, from one.
    private long Now() => 1 + (long)_clock!.Observe().TotalMilliseconds;

    private readonly record struct Place(FeatureSegment Segment, int Slot);
}
