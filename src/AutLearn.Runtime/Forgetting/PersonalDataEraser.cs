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
    // No sample has this id: it stands for all of them.
    private const long Everything = long.MinValue;

    private readonly SampleStore _samples;
    private readonly FeatureStore _features;
    private readonly OfflineLearner _offline;
    private readonly OnlineLearner? _online;
    private readonly ProfileKey? _key;
    private readonly string[] _states;
    private readonly ForgetNote _note;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Creates an eraser over parts that stay the caller's.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="features">Their features on disk.</param>
    /// <param name="offline">The learner of both, whose model and generations forget too.</param>
    /// <param name="folder">Keeps the note of what is being forgotten, and room for it on a full disk; for this eraser alone.</param>
    /// <param name="online">Learns from feedback on the same model; null for none.</param>
    /// <param name="files">The file system of the note; null for the device's own.</param>
    /// <param name="key">The key that seals what was learned, made anew where everything is forgotten; null for none. Stays the caller's.</param>
    /// <param name="states">Files of <see cref="PersonalModel.SaveState"/> and <see cref="PersonalModel.Export(string)"/>, which are erased whatever is forgotten; null for none.</param>
    /// <exception cref="UnauthorizedAccessException">The folder is closed to this account.</exception>
    public PersonalDataEraser(SampleStore samples, FeatureStore features, OfflineLearner offline, string folder, OnlineLearner? online = null, IFileSystem? files = null, ProfileKey? key = null, IEnumerable<string>? states = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(offline);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _samples = samples;
        _features = features;
        _offline = offline;
        _online = online;
        _key = key;
        _states = [.. (states ?? []).Select(Path.GetFullPath)];
        _note = new(files ?? DeviceFileSystem.Instance, folder, samples.SampleQuota);
    }

    /// <summary>Gets whether something was being forgotten when the app ended.</summary>
    public bool IsPending => _note.IsPending;

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
            try
            {
                _note.Write(IsPending ? [.. ReadNote().Union(ids)] : [.. ids.Distinct()]);
            }
            catch (IOException) when (IsPending)
            {
                // The full disk has room for one note: the earlier one is finished first.
                await EraseNotedAsync(cancellationToken).ConfigureAwait(false);
                _note.Write([.. ids.Distinct()]);
            }

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
            // Before, because the store may end the key that wraps it; after, because somebody may have sealed in between.
            _key?.Renew();
            _samples.ForgetAll();
            _key?.Renew();
            _features.Clear();
            ids = [];
        }

        foreach (long id in ids)
            _samples.Forget(id);
        if (_online is not null)
            await _online.ForgetAllAsync(cancellationToken).ConfigureAwait(false);
        _offline.Forget(ids);
        foreach (string path in _states)
            PersonalFile.Erase(path);
        _note.CrossOut();
    }

    // A note that cannot be read counts as everything: better too much forgotten than too little.
    private long[] ReadNote() => _note.Read() ?? [Everything];
}
