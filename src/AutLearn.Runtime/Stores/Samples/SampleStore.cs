using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using AutLearn.Runtime.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>The user's samples on the device: encrypted, bounded, and forgettable.</summary>
/// <remarks>
/// <para>All that is stored about a sample, and its content, is encrypted by AES-256-GCM with a data key of this store alone; what a copy of
/// the files shows is how many samples there are, in which order they came, and how large each is. Every change is one transaction that is
/// on the disk when the method returns; after a crash it is there whole or not at all.</para>
/// <para>Forgetting works on a full disk: a file beside the database keeps the room that the largest sample needs, and what it has no room for
/// is not stored. Forgotten rows are overwritten with zeros. File systems and flash may still hold older copies of the encrypted blocks, which only
/// <see cref="ForgetAll"/> makes unreadable for ever, by destroying the key. The file does not shrink; its room is used again.</para>
/// <para>Samples expire, and leave as the oldest, by the time that the store has seen pass, which is kept with the samples: a clock that is set
/// years forward or back neither removes samples nor keeps them for ever.</para>
/// <para>Safe for use by several threads. One store object at a time may have a folder open, in all processes.</para>
/// </remarks>
public sealed class SampleStore : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SampleFiles _files;
    private readonly SampleStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SampleIndex _index = new();
    private IDisposable? _folderLock;
    private SampleCipher? _cipher;
    private SampleDatabase? _database;
    private long _evicted;
    private long _largest;
    private bool _isDisposed;

    private SampleStore(SampleFiles files, SampleStoreOptions options, TimeProvider time, ILogger logger)
    {
        _files = files;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>Opens the store of a folder, creating it where there is none. Ends a <see cref="ForgetAll"/> that a crash cut short.</summary>
    /// <param name="folder">For this store alone.</param>
    /// <param name="keyProtector">Wraps the data key; for this store alone; stays the caller's. See <see cref="DeviceKeyProtector.Create"/>.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="logger">Takes messages without user data; null for none.</param>
    /// <returns>The store; the caller disposes it.</returns>
    /// <exception cref="SampleStoreException">The files are damaged, of another key, of a newer format, or open elsewhere.</exception>
    /// <exception cref="IOException">The files cannot be read or written.</exception>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public static SampleStore Open(string folder, IKeyProtector keyProtector, SampleStoreOptions? options = null, TimeProvider? time = null, ILogger<SampleStore>? logger = null) =>
        Open(folder, keyProtector, DeviceFileSystem.Instance, options, time, logger);

    /// <summary>Destroys the store of a folder, its keys first, without reading it; nothing happens if there is none.</summary>
    /// <param name="folder">The folder; no store may have it open.</param>
    /// <param name="keyProtector">The protector of the store.</param>
    /// <exception cref="SampleStoreException">A store has the folder open.</exception>
    /// <exception cref="IOException">A file cannot be written or deleted; the next <see cref="Open(string, IKeyProtector, SampleStoreOptions?, TimeProvider?, ILogger{SampleStore}?)"/> goes on with it.</exception>
    public static void Destroy(string folder, IKeyProtector keyProtector)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(keyProtector);
        var files = new SampleFiles(folder, keyProtector, DeviceFileSystem.Instance);
        using IDisposable folderLock = files.Lock();
        files.Forget();
    }

    /// <summary>Stores a sample.</summary>
    /// <param name="sample">The sample.</param>
    /// <returns>Its number; when this returns, it is on the disk.</returns>
    /// <exception cref="ArgumentException">The content or the source is too large, the source is no Unicode text, or a time to live is not positive.</exception>
    /// <exception cref="IOException">The disk is full or fails; what was stored before stands.</exception>
    /// <exception cref="SampleStoreException">The database is damaged.</exception>
    public long Add(NewSample sample) => Add([sample])[0];

    /// <summary>Stores samples in one transaction, much faster than one by one; the oldest leave if there is no room.</summary>
    /// <param name="samples">The samples, at most as many and as large as the quotas.</param>
    /// <returns>Their numbers, in order; when this returns, they are on the disk.</returns>
    /// <exception cref="ArgumentException">A content or a source is too large, a source is no Unicode text, a time to live is not positive, or the samples exceed a quota.</exception>
    /// <exception cref="IOException">The disk is full or fails; what was stored before stands.</exception>
    /// <exception cref="SampleStoreException">The database is damaged.</exception>
    public IReadOnlyList<long> Add(IReadOnlyList<NewSample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        long size = 0;
        foreach (NewSample sample in samples)
        {
            SampleIntake.Check(sample, _options);
            size += sample.Payload.Length;
        }

        if (samples.Count > _options.SampleQuota || size > _options.SizeQuotaInBytes)
            throw new ArgumentException($"{samples.Count} samples of {size} bytes exceed the quota of {_options.SampleQuota} samples and {_options.SizeQuotaInBytes} bytes.", nameof(samples));
        lock (_lock)
        {
            SampleDatabase database = Database();
            TakeRoomToForget(samples);
            TimeSpan age = database.Clock.Observe();
            DateTimeOffset now = _time.GetUtcNow();
            var change = new SampleChange();
            IReadOnlyList<StoredSample> oldest = _index.Oldest(age, samples.Count, size, _options);
            change.Removed.AddRange(_index.Expired(age).Concat(oldest).Select(s => s.Id));
            long id = database.NextId;
            foreach (NewSample sample in samples)
                change.Added.Add((SampleIntake.Describe(sample, id++, _options, age, now), sample.Payload));
            Apply(database, change);
            _evicted += oldest.Count;
            return [.. change.Added.Select(a => a.Sample.Id)];
        }
    }

    /// <summary>Finds what is known about a sample.</summary>
    /// <returns>Null if it was never stored, is forgotten or has expired.</returns>
    public StoredSample? Find(long id)
    {
        lock (_lock)
        {
            return _index.Find(id, Database().Clock.Observe());
        }
    }

    /// <summary>Reads a sample's content.</summary>
    /// <returns>The content, or null if it was never stored, is forgotten or has expired.</returns>
    /// <exception cref="SampleStoreException">The content is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public byte[]? Read(long id)
    {
        lock (_lock)
            return Find(id) is { } sample ? Database().ReadPayload(sample) : null;
    }

    /// <summary>Lists all samples that have not expired, oldest first, as they are now.</summary>
    public IReadOnlyList<StoredSample> List()
    {
        lock (_lock)
        {
            return _index.Alive(Database().Clock.Observe());
        }
    }

    /// <summary>Reads samples and contents one by one, oldest first: those that are there when it begins and not gone when their turn comes.</summary>
    /// <param name="from">The earliest time, inclusive; null for no bound.</param>
    /// <param name="to">The latest time, exclusive; null for no bound.</param>
    /// <param name="cancellationToken">Ends it between two samples.</param>
    /// <exception cref="SampleStoreException">A content is damaged.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async IAsyncEnumerable<SampleContent> EnumerateAsync(DateTimeOffset? from = null, DateTimeOffset? to = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (StoredSample sample in List())
        {
            if (!SampleIndex.IsWithin(sample, from, to))
                continue;
            byte[]? payload = await Task.Run(() => Read(sample.Id), cancellationToken).ConfigureAwait(false);
            if (payload is not null)
                yield return new(sample, payload);
        }
    }

    /// <summary>Splits the trainable samples by time.</summary>
    /// <param name="holdOutFraction">The share of the newest that is held out, in [0, 1]; rounded down.</param>
    public SampleSplit Split(double holdOutFraction)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(holdOutFraction);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(holdOutFraction, 1);
        ImmutableArray<StoredSample> trainable = [.. List().Where(s => s.IsTrainable)];
        int train = trainable.Length - (int)(trainable.Length * holdOutFraction);
        return new(trainable[..train], trainable[train..]);
    }

    /// <summary>Sets or clears a sample's label.</summary>
    /// <returns>False if the sample is gone.</returns>
    /// <exception cref="IOException">The disk is full or fails; the label stands as before.</exception>
    public bool SetLabel(long id, long? label) => Update(id, s => s with { Label = label, Labels = default });

    /// <summary>Sets or clears labels that are no class.</summary>
    /// <param name="id">The sample.</param>
    /// <param name="labels">As <see cref="NewSample.Labels"/>; empty clears them.</param>
    /// <returns>False if the sample is gone.</returns>
    /// <exception cref="ArgumentException">The labels are too large.</exception>
    /// <exception cref="IOException">The disk is full or fails; the labels stand as before.</exception>
    public bool SetLabels(long id, ReadOnlyMemory<byte> labels)
    {
        SampleIntake.CheckLabels(null, labels);
        byte[] copy = labels.ToArray();
        return Update(id, s => s with { Label = null, Labels = copy });
    }

    /// <summary>Sets whether a sample may be learned from.</summary>
    /// <returns>False if the sample is gone.</returns>
    /// <exception cref="IOException">The disk is full or fails; the consent stands as before.</exception>
    public bool SetConsent(long id, SampleConsent consent) => Update(id, s => s with { Consent = consent });

    /// <summary>Forgets a sample.</summary>
    /// <returns>False if it was gone already.</returns>
    /// <exception cref="IOException">The disk fails; the sample may still be there.</exception>
    public bool Forget(long id) => Remove(s => s.Id == id) > 0;

    /// <summary>Forgets all samples of a source.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="IOException">The disk fails; some may still be there.</exception>
    public int ForgetSource(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Remove(s => s.Source == source);
    }

    /// <summary>Forgets the samples that arose in a span of time.</summary>
    /// <param name="from">The earliest time, inclusive.</param>
    /// <param name="to">The latest time, exclusive.</param>
    /// <returns>How many.</returns>
    /// <exception cref="IOException">The disk fails; some may still be there.</exception>
    public int ForgetSpan(DateTimeOffset from, DateTimeOffset to) => Remove(s => SampleIndex.IsWithin(s, from, to));

    /// <summary>Removes what has expired, which no method shows any more, from the disk; opening and adding do the same.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="IOException">The disk fails; some may still be there.</exception>
    public int RemoveExpired()
    {
        lock (_lock)
        {
            TimeSpan age = Database().Clock.Observe();
            return Remove(s => !SampleIndex.IsAlive(s, age));
        }
    }

    /// <summary>Forgets everything: destroys the data key and the wrapping key, then the files, and begins an empty store with new keys.</summary>
    /// <exception cref="IOException">
    /// A file cannot be written or deleted. The store is closed; opening it again, or <see cref="Destroy"/>, goes on with forgetting.
    /// </exception>
    public void ForgetAll()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Close();
            _files.Forget();
            Log.SamplesForgotten(_logger);
            try
            {
                Load();
            }
            catch
            {
                Close();
                throw;
            }
        }
    }

    /// <summary>Counts what the store holds.</summary>
    public SampleStoreStatistics GetStatistics()
    {
        lock (_lock)
        {
            IReadOnlyList<StoredSample> samples = List();
            return new(
                samples.Count,
                samples.Count(s => s.IsTrainable),
                samples.Sum(s => (long)s.SizeInBytes),
                samples.Count > 0 ? samples[0].Time : null,
                samples.Count > 0 ? samples[^1].Time : null,
                _evicted);
        }
    }

    /// <summary>Reads and decrypts everything, and lets the database check its structure. Takes as long as reading the whole file.</summary>
    /// <param name="cancellationToken">Ends it between two samples.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public SampleStoreCheck Verify(CancellationToken cancellationToken = default)
    {
        int intact = 0;
        ImmutableArray<long>.Builder damaged = ImmutableArray.CreateBuilder<long>();
        foreach (StoredSample sample in List())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                intact += Read(sample.Id) is null ? 0 : 1;
            }
            catch (SampleStoreException error) when (error.Reason == SampleStoreFailure.Damaged)
            {
                damaged.Add(sample.Id);
            }
        }

        lock (_lock)
            return new(intact, damaged.ToImmutable(), [.. Database().CheckStructure()]);
    }

    /// <summary>Closes the files. Idempotent.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Close();
            _folderLock?.Dispose();
        }
    }

    internal static SampleStore Open(string folder, IKeyProtector keyProtector, IFileSystem files, SampleStoreOptions? options, TimeProvider? time, ILogger? logger)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(keyProtector);
        options ??= new();
        options.Validate();
        var store = new SampleStore(new(folder, keyProtector, files), options.Copy(), time ?? TimeProvider.System, Observers.Guard(logger));
        try
        {
            store._folderLock = store._files.Lock();
            if (store._files.IsForgettingPending)
            {
                store._files.Forget();
                Log.SamplesForgotten(store._logger);
            }

            store.Load();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    internal int SampleQuota => _options.SampleQuota;

    private void Load()
    {
        List<StoredSample> samples = [];
        _cipher = _files.OpenCipher();
        if (_files.IsCreated())
        {
            _database = SampleDatabase.Open(_files.Database, _cipher, _time, samples);
        }
        else
        {
            _database = SampleDatabase.OpenOrCreate(_files.Database, _cipher, _time, samples);
            _files.MarkCreated();
        }

        foreach (StoredSample sample in samples)
            _index.Add(sample);
        _largest = samples.Select(s => (long)s.SizeInBytes).DefaultIfEmpty().Max();
        KeepReserve();
        RemoveExpired();
        SaveClock(_database);
    }

    // Else a store that is only read would one day be further behind than its clock believes.
    private void SaveClock(SampleDatabase database)
    {
        if (!database.IsClockOutdated)
            return;
        try
        {
            database.Apply(new());
        }
        catch (IOException error)
        {
            Log.ClockNotSaved(_logger, error);
        }
    }

    private void Close()
    {
        _database?.Dispose();
        _cipher?.Dispose();
        (_database, _cipher) = (null, null);
        _index.Clear();
    }

    private SampleDatabase Database()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _database ?? throw new InvalidOperationException("The store is closed because forgetting everything failed. Dispose it and open the folder again, which goes on with forgetting.");
    }

    private bool Update(long id, Func<StoredSample, StoredSample> edit)
    {
        lock (_lock)
        {
            if (Find(id) is not { } sample)
                return false;
            StoredSample edited = edit(sample);
            if (edited == sample)
                return true;
            var change = new SampleChange();
            change.Updated.Add(edited);
            ApplyWithReserve(Database(), change);
            return true;
        }
    }

    private int Remove(Func<StoredSample, bool> condition)
    {
        lock (_lock)
        {
            SampleDatabase database = Database();
            var change = new SampleChange();
            change.Removed.AddRange(_index.All.Where(condition).Select(s => s.Id));
            if (change.Removed.Count > 0)
                ApplyWithReserve(database, change);
            return change.Removed.Count;
        }
    }

    // On a full disk the room that was kept for this serves SQLite's journal; it is enough for one sample at a time.
    private void ApplyWithReserve(SampleDatabase database, SampleChange change)
    {
        try
        {
            Apply(database, change);
            return;
        }
        catch (IOException)
        {
            _files.Reserve.Release();
        }

        try
        {
            foreach (SampleChange part in change.Apart())
                Apply(database, part);
        }
        finally
        {
            KeepReserve();
        }
    }

    // What could not be forgotten on a full disk is not stored.
    private void TakeRoomToForget(IReadOnlyList<NewSample> samples)
    {
        long largest = samples.Select(s => (long)s.Payload.Length + s.Labels.Length).Append(_largest).Max();
        try
        {
            _files.Reserve.Keep(largest);
        }
        catch (IOException error)
        {
            throw new IOException($"The disk is full: '{_files.Reserve.Path}', the room to forget samples in, could not be written, and what was committed before stands. Free some space and repeat.", error);
        }

        _largest = largest;
    }

    private void KeepReserve()
    {
        try
        {
            _files.Reserve.Keep(_largest);
        }
        catch (IOException error)
        {
            Log.ReserveNotKept(_logger, error);
        }
    }

    // Memory follows the disk: if the transaction fails, both are as before.
    private void Apply(SampleDatabase database, SampleChange change)
    {
        database.Apply(change);
        _index.Apply(change);
    }
}
