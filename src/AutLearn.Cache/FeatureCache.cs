using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace AutLearn.Cache;

/// <summary>Keeps what inference computed until feedback arrives, so that training need not compute it again.</summary>
/// <remarks>
/// <para>Memory is one arena, allocated at construction; storing, labelling and taking a row allocate nothing.</para>
/// <para>Exact by construction: features are a function of the input and the frozen backbone, so they stay valid whatever the head
/// learns. Logits are valid only for the parameter version that computed them, so a batch carries logits only if every row's version
/// equals the current one.</para>
/// <para>Where room is needed, the oldest row without a label leaves. Labelled rows never leave except to training.</para>
/// <para>Safe for use by several threads; calls hold a lock for the copy of their rows. After Xu et al., Journal of Software 31(10), 2020, section 3.3.</para>
/// </remarks>
public sealed unsafe class FeatureCache : IDisposable
{
    private const byte Free = 0;
    private const byte Unlabelled = 1;
    private const byte Labelled = 2;
    private const byte Leased = 3;

    private readonly Lock _lock = new();
    private readonly int _rowBytes;
    private readonly nuint _arenaBytes;
    private readonly byte[] _states;
    private readonly long[] _ids;
    private readonly byte[] _labels;
    private readonly long[] _versions;
    private readonly Dictionary<long, int> _slots;
    private SlotList _free;
    private SlotList _unlabelled;
    private SlotList _labelled;
    private SlotList _leased;
    private byte* _arena;
    private string _backboneKey;
    private long _added;
    private long _evicted;
    private long _rejected;
    private long _taken;
    private long _takenWithLogits;

    /// <summary>Creates a cache and allocates its arena.</summary>
    /// <exception cref="ArgumentException">There is no column, a size is out of range, or not even one row fits.</exception>
    public FeatureCache(FeatureCacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Columns.IsDefaultOrEmpty)
            throw new ArgumentException("The cache needs at least one column.", nameof(options));
        foreach (CacheColumn column in options.Columns)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(column.SizeInBytes, column.Name);
        ArgumentOutOfRangeException.ThrowIfNegative(options.LogitsSizeInBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.LabelSizeInBytes);
        Columns = options.Columns;
        LogitsSizeInBytes = options.LogitsSizeInBytes;
        LabelSizeInBytes = options.LabelSizeInBytes;
        _backboneKey = options.BackboneKey;
        _rowBytes = checked(options.Columns.Sum(c => c.SizeInBytes) + options.LogitsSizeInBytes);
        long rows = options.CapacityInBytes / _rowBytes;
        if (rows < 1)
            throw new ArgumentException($"One row takes {_rowBytes} bytes, more than the capacity of {options.CapacityInBytes}.", nameof(options));
        Capacity = (int)Math.Min(rows, Array.MaxLength / Math.Max(sizeof(long), LabelSizeInBytes));

        int[] next = new int[Capacity];
        int[] previous = new int[Capacity];
        _free = new(next, previous);
        _unlabelled = new(next, previous);
        _labelled = new(next, previous);
        _leased = new(next, previous);
        _states = new byte[Capacity];
        _ids = new long[Capacity];
        _labels = new byte[checked(Capacity * LabelSizeInBytes)];
        _versions = new long[Capacity];
        _slots = new(Capacity);
        for (int slot = 0; slot < Capacity; slot++)
            _free.Append(slot);
        _arenaBytes = checked((nuint)Capacity * (nuint)_rowBytes);
        _arena = (byte*)NativeMemory.AlignedAlloc(_arenaBytes, 64);
        GC.AddMemoryPressure(checked((long)_arenaBytes));
    }

    /// <summary>Releases the arena if the owner forgot to.</summary>
    ~FeatureCache() => Release();

    /// <summary>Gets the boundary tensors.</summary>
    public ImmutableArray<CacheColumn> Columns { get; }

    /// <summary>Gets the bytes of one row of logits.</summary>
    public int LogitsSizeInBytes { get; }

    /// <summary>Gets the bytes of one row's labels.</summary>
    public int LabelSizeInBytes { get; }

    /// <summary>Gets the rows that fit.</summary>
    public int Capacity { get; }

    /// <summary>Gets the number of labelled rows that wait for training.</summary>
    public int LabelledRows
    {
        get
        {
            lock (_lock)
                return _labelled.Count;
        }
    }

    /// <summary>Gets a snapshot of the counts.</summary>
    public CacheStatistics Statistics
    {
        get
        {
            lock (_lock)
            {
                return new(Capacity, _unlabelled.Count, _labelled.Count, _leased.Count, (long)_arenaBytes, _added, _evicted, _rejected, _taken, _takenWithLogits);
            }
        }
    }

    /// <summary>Creates memory for batches of this cache's rows.</summary>
    /// <param name="capacity">The most rows of a batch, at least 1.</param>
    public CacheBatch CreateBatch(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        return new(this, capacity);
    }

    /// <summary>Stores what inference computed for one prediction.</summary>
    /// <param name="id">The prediction's id, not in the cache already.</param>
    /// <param name="features">The rows of all columns, one after the other, in column order.</param>
    /// <param name="logits">The logits; exactly <see cref="LogitsSizeInBytes"/> bytes.</param>
    /// <param name="parameterVersion">The version of the parameters that computed the logits.</param>
    /// <returns>False if every row is labelled or in training: the caller should slow down or skip learning from this prediction.</returns>
    /// <exception cref="ArgumentException">A size is wrong, or the id is present.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public bool TryAdd(long id, ReadOnlySpan<byte> features, ReadOnlySpan<byte> logits, long parameterVersion)
    {
        if (features.Length != _rowBytes - LogitsSizeInBytes)
            throw new ArgumentException($"A row's features take {_rowBytes - LogitsSizeInBytes} bytes, not {features.Length}.", nameof(features));
        if (logits.Length != LogitsSizeInBytes)
            throw new ArgumentException($"A row's logits take {LogitsSizeInBytes} bytes, not {logits.Length}.", nameof(logits));
        lock (_lock)
        {
            ThrowIfDisposed();
            if (_slots.ContainsKey(id))
                throw new ArgumentException($"Prediction {id} is cached already.", nameof(id));
            int slot = TakeRoom();
            if (slot == SlotList.None)
            {
                _rejected++;
                return false;
            }

            Span<byte> row = Row(slot);
            features.CopyTo(row);
            logits.CopyTo(row[features.Length..]);
            _ids[slot] = id;
            _versions[slot] = parameterVersion;
            _states[slot] = Unlabelled;
            _unlabelled.Append(slot);
            _slots.Add(id, slot);
            _added++;
            return true;
        }
    }

    /// <summary>Gets the bytes of one row's features.</summary>
    public int FeaturesSizeInBytes => _rowBytes - LogitsSizeInBytes;

    /// <summary>Copies the features of a prediction.</summary>
    /// <param name="id">The prediction's id.</param>
    /// <param name="features">Receives <see cref="FeaturesSizeInBytes"/> bytes.</param>
    /// <returns>False if the prediction is not in the cache.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public bool TryCopyFeatures(long id, Span<byte> features)
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            if (!_slots.TryGetValue(id, out int slot))
                return false;
            Row(slot)[..FeaturesSizeInBytes].CopyTo(features);
            return true;
        }
    }

    /// <summary>Attaches a class number to a prediction.</summary>
    /// <exception cref="ArgumentException">Labels take other than 8 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public FeedbackResult Label(long id, long label) => Label(id, MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in label)));

    /// <summary>Attaches labels to a prediction.</summary>
    /// <param name="id">The prediction's id.</param>
    /// <param name="label">Exactly <see cref="LabelSizeInBytes"/> bytes.</param>
    /// <exception cref="ArgumentException">The size is wrong.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public FeedbackResult Label(long id, ReadOnlySpan<byte> label)
    {
        if (label.Length != LabelSizeInBytes)
            throw new ArgumentException($"A row's labels take {LabelSizeInBytes} bytes, not {label.Length}.", nameof(label));
        lock (_lock)
        {
            ThrowIfDisposed();
            if (!_slots.TryGetValue(id, out int slot))
                return FeedbackResult.Unknown;
            switch (_states[slot])
            {
                case Leased:
                    return FeedbackResult.TooLate;
                case Labelled:
                    label.CopyTo(LabelOf(slot));
                    return FeedbackResult.Replaced;
                default:
                    label.CopyTo(LabelOf(slot));
                    _unlabelled.Remove(slot);
                    _labelled.Append(slot);
                    _states[slot] = Labelled;
                    return FeedbackResult.Accepted;
            }
        }
    }

    /// <summary>Copies the rows that were labelled first into a batch and leases them until <see cref="Complete(CacheBatch)"/> or <see cref="Return"/>.</summary>
    /// <param name="batch">A batch of this cache, not holding a lease.</param>
    /// <param name="minimum">The fewest rows worth a batch, at least 1.</param>
    /// <param name="currentVersion">The version of the parameters that will be trained.</param>
    /// <returns>False, and no row is leased, if fewer labelled rows wait.</returns>
    /// <exception cref="ArgumentException">The batch belongs to another cache.</exception>
    /// <exception cref="InvalidOperationException">The batch holds a lease.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public bool TryLease(CacheBatch batch, int minimum, long currentVersion)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(minimum);
        lock (_lock)
        {
            ThrowIfDisposed();
            CheckOwner(batch);
            if (batch.Count > 0)
                throw new InvalidOperationException("The batch holds a lease; complete or return it first.");
            if (_labelled.Count < minimum)
                return false;
            int count = Math.Min(_labelled.Count, batch.Capacity);
            int current = 0;
            for (int row = 0; row < count; row++)
            {
                int slot = _labelled.First;
                _labelled.Remove(slot);
                _leased.Append(slot);
                _states[slot] = Leased;
                batch.Set(row, slot, _ids[slot], LabelOf(slot), Row(slot));
                if (_versions[slot] == currentVersion)
                    current++;
            }

            batch.Count = count;
            batch.LogitsVersion = LogitsSizeInBytes > 0 && current == count ? currentVersion : null;
            return true;
        }
    }

    /// <summary>Ends a lease after its update was committed: the rows are free.</summary>
    public void Complete(CacheBatch batch) => Complete(batch, default);

    /// <summary>Ends a lease after an update that some rows had no part in: these are labelled again and first in line, the others are free.</summary>
    internal void Complete(CacheBatch batch, ReadOnlySpan<bool> waits)
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            CheckOwner(batch);
            int taken = batch.Count - waits.Count(true);
            _taken += taken;
            if (batch.HasCurrentLogits)
                _takenWithLogits += taken;
            for (int row = batch.Count - 1; row >= 0; row--)
            {
                int slot = batch.Slots[row];
                _leased.Remove(slot);
                if (!waits.IsEmpty && waits[row])
                {
                    _labelled.Prepend(slot);
                    _states[slot] = Labelled;
                }
                else
                {
                    Release(slot);
                }
            }

            batch.Count = 0;
        }
    }

    /// <summary>Ends a lease without an update: the rows are labelled again and first in line, in the same order.</summary>
    public void Return(CacheBatch batch)
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            CheckOwner(batch);
            for (int row = batch.Count - 1; row >= 0; row--)
            {
                int slot = batch.Slots[row];
                _leased.Remove(slot);
                _labelled.Prepend(slot);
                _states[slot] = Labelled;
            }

            batch.Count = 0;
        }
    }

    /// <summary>Forgets one prediction, whether labelled or not.</summary>
    /// <returns>False if it is not in the cache, or in a training batch right now.</returns>
    public bool Remove(long id)
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            if (!_slots.TryGetValue(id, out int slot) || _states[slot] == Leased)
                return false;
            Unlink(slot);
            Release(slot);
            return true;
        }
    }

    /// <summary>Drops every row that is not in a training batch if the rows depend on something else than before.</summary>
    /// <param name="backboneKey">The hash of the backbone and the preprocessing in use now.</param>
    /// <returns>The number of rows dropped.</returns>
    public int Invalidate(string backboneKey)
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            if (_backboneKey == backboneKey)
                return 0;
            _backboneKey = backboneKey;
            return Drop();
        }
    }

    /// <summary>Drops every row that is not in a training batch and overwrites its memory.</summary>
    /// <returns>The number of rows dropped.</returns>
    public int Clear()
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            return Drop();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            Release();
        GC.SuppressFinalize(this);
    }

    private int Drop()
    {
        int dropped = 0;
        for (int slot = 0; slot < Capacity; slot++)
        {
            if (_states[slot] is Unlabelled or Labelled)
            {
                Unlink(slot);
                Release(slot);
                dropped++;
            }
        }

        return dropped;
    }

    private int TakeRoom()
    {
        int slot = _free.First;
        if (slot != SlotList.None)
        {
            _free.Remove(slot);
            return slot;
        }

        slot = _unlabelled.First;
        if (slot != SlotList.None)
        {
            _unlabelled.Remove(slot);
            _slots.Remove(_ids[slot]);
            _evicted++;
        }

        return slot;
    }

    private void Unlink(int slot)
    {
        if (_states[slot] == Labelled)
            _labelled.Remove(slot);
        else
            _unlabelled.Remove(slot);
    }

    // Freed rows hold private features, so their memory is overwritten at once rather than when it is next used.
    private void Release(int slot)
    {
        Row(slot).Clear();
        LabelOf(slot).Clear();
        _slots.Remove(_ids[slot]);
        _states[slot] = Free;
        _free.Append(slot);
    }

    private Span<byte> LabelOf(int slot) => _labels.AsSpan(slot * LabelSizeInBytes, LabelSizeInBytes);

    private Span<byte> Row(int slot) => new(_arena + ((nuint)slot * (nuint)_rowBytes), _rowBytes);

    private void CheckOwner(CacheBatch batch)
    {
        if (!ReferenceEquals(batch.Cache, this))
            throw new ArgumentException("The batch belongs to another cache.", nameof(batch));
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_arena is null, this);

    private void Release()
    {
        if (_arena is null)
            return;
        NativeMemory.Clear(_arena, _arenaBytes);
        NativeMemory.AlignedFree(_arena);
        _arena = null;
        GC.RemoveMemoryPressure((long)_arenaBytes);
    }
}
