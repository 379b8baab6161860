using System.Buffers.Binary;
using AutLearn.Cache.Disk;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.Runtime.Forgetting;

/// <summary>Forgets everywhere: in the sample store, the caches, the states on disk, and the parameters.</summary>
/// <remarks>
/// <para>What is to be forgotten is written down first and crossed out last, so that a crash in between only delays it: call
/// <see cref="ResumeAsync"/> when the app starts. Afterwards the model serves with the parameters as compiled, until offline learning has
/// learned from what remains; the result equals, bit by bit, that of never having had the samples.</para>
/// <para>Safe for use by several threads; calls come one at a time.</para>
/// </remarks>
public sealed class PersonalDataEraser : IDisposable
{
    private const string PendingName = "forget.pending";

    // No sample has this id: it stands for all of them.
    private const long Everything = long.MinValue;

    private readonly SampleStore _samples;
    private readonly FeatureStore _features;
    private readonly OfflineLearner _offline;
    private readonly OnlineLearner? _online;
    private readonly IFileSystem _files;
    private readonly string _folder;
    private readonly string _pending;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Creates an eraser over parts that stay the caller's.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="features">Their features on disk.</param>
    /// <param name="offline">The learner of both, whose model and generations forget too.</param>
    /// <param name="folder">Keeps the note of what is being forgotten; for this eraser alone.</param>
    /// <param name="online">Learns from feedback on the same model; null for none.</param>
    /// <param name="files">The file system of the note; null for the device's own.</param>
    public PersonalDataEraser(SampleStore samples, FeatureStore features, OfflineLearner offline, string folder, OnlineLearner? online = null, IFileSystem? files = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(offline);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _samples = samples;
        _features = features;
        _offline = offline;
        _online = online;
        _files = files ?? DeviceFileSystem.Instance;
        _folder = Path.GetFullPath(folder);
        _pending = Path.Combine(_folder, PendingName);
    }

    /// <summary>Gets whether something was being forgotten when the app ended.</summary>
    public bool IsPending => _files.ListFiles(_folder).Contains(_pending);

    /// <summary>Forgets samples.</summary>
    /// <param name="sampleIds">Those that are gone already do no harm.</param>
    /// <param name="cancellationToken">Gives up waiting for a learner's step; nothing is forgotten then.</param>
    /// <exception cref="InvalidOperationException">A window of offline learning is open; end it and call <see cref="ResumeAsync"/>.</exception>
    /// <exception cref="IOException">The disk fails; call <see cref="ResumeAsync"/>.</exception>
    public Task ForgetAsync(IEnumerable<long> sampleIds, CancellationToken cancellationToken = default) =>
        EraseAsync(() => [.. sampleIds], cancellationToken);

    /// <summary>Forgets all samples of a source.</summary>
    /// <inheritdoc cref="ForgetAsync" path="/exception"/>
    public Task ForgetSourceAsync(string source, CancellationToken cancellationToken = default) =>
        EraseAsync(() => [.. _samples.List().Where(s => s.Source == source).Select(s => s.Id)], cancellationToken);

    /// <summary>Forgets the samples that arose in a span of time.</summary>
    /// <param name="from">The earliest time, inclusive.</param>
    /// <param name="to">The latest time, exclusive.</param>
    /// <param name="cancellationToken">Gives up waiting for a learner's step; nothing is forgotten then.</param>
    /// <inheritdoc cref="ForgetAsync" path="/exception"/>
    public Task ForgetSpanAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken = default) =>
        EraseAsync(() => [.. _samples.List().Where(s => s.Time >= from && s.Time < to).Select(s => s.Id)], cancellationToken);

    /// <summary>Forgets everything and destroys the keys of the sample store.</summary>
    /// <inheritdoc cref="ForgetAsync" path="/exception"/>
    public Task ForgetAllAsync(CancellationToken cancellationToken = default) => EraseAsync(() => [Everything], cancellationToken);

    /// <summary>Finishes what a crash or a failing disk interrupted.</summary>
    /// <returns>Whether there was something to finish.</returns>
    /// <inheritdoc cref="ForgetAsync" path="/exception"/>
    public async Task<bool> ResumeAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!IsPending)
                return false;
            await EraseNotedAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task EraseAsync(Func<long[]> choose, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long[] ids = choose();
            if (ids.Length == 0)
                return;

            // What an earlier call left unfinished is finished with this one.
            long[] noted = IsPending ? [.. ReadNote(), .. ids] : ids;
            _files.CreateFolder(_folder);
            DurableFile.Write(_files, _pending, Note(noted));
            await EraseNotedAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task EraseNotedAsync(CancellationToken cancellationToken)
    {
        long[] ids = ReadNote();
        if (ids.Contains(Everything))
        {
            _samples.ForgetAll();
            _features.Clear();
            ids = [];
        }

        foreach (long id in ids)
            _samples.Forget(id);
        if (_online is not null)
            await _online.ForgetAllAsync(cancellationToken).ConfigureAwait(false);
        _offline.Forget(ids);
        _files.Delete(_pending);
        _files.FlushFolder(_folder);
    }

    private static byte[] Note(long[] ids)
    {
        byte[] note = new byte[ids.Length * sizeof(long)];
        for (int i = 0; i < ids.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(note.AsSpan(i * sizeof(long)), ids[i]);
        return note;
    }

    // The note was replaced as a whole, so its length is that of what was written; a stranger's file counts as everything.
    private long[] ReadNote()
    {
        byte[] note = _files.Read(_pending);
        if (note.Length == 0 || note.Length % sizeof(long) != 0)
            return [Everything];
        long[] ids = new long[note.Length / sizeof(long)];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = BinaryPrimitives.ReadInt64LittleEndian(note.AsSpan(i * sizeof(long)));
        return ids;
    }
}
