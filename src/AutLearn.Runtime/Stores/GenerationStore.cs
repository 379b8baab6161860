using System.Collections.Immutable;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Stores;

/// <summary>Commits states as numbered generations that survive crashes, full disks and bit rot.</summary>
/// <remarks>
/// <para>A commit writes a new file, flushes it, renames it, flushes the folder, and reads it back; only then older generations leave.
/// A crash at any point leaves the generation before or the new one. Each file carries its number and a SHA-256, or is sealed with the
/// profile's key (<see cref="GenerationStoreOptions.Key"/>), and is its owner's alone. What leaves is overwritten first.</para>
/// <para>The base is the artifacts' own parameters, which no commit touches.</para>
/// <para>What does not read back as a generation, for whatever reason, is passed over and reported: it neither counts among those that are
/// kept nor stops a commit or a restore. Only where the profile's key is lost is every call but
/// <see cref="Clear"/> refused: a new key would begin a second history beside the first.</para>
/// <para>Safe for use by several threads. One store at a time has the folder, from its first use until it is disposed or its process ends.</para>
/// </remarks>
public sealed class GenerationStore : IDisposable
{
    private readonly string _folder;
    private readonly int _keep;
    private readonly bool _isSealing;
    private readonly IFileSystem _files;
    private readonly GenerationFolder _generations;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();

    // Read back whole since the folder was locked, so that pruning need not read them again.
    private readonly HashSet<long> _intact = [];
    private bool _mayHavePlain = true;
    private IDisposable? _folderLock;
    private bool _isDisposed;

    /// <summary>Creates a store. Touches no file; the first use locks the folder.</summary>
    /// <param name="folder">For this store alone; created by the first use.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <param name="files">The file system; null for the device's own.</param>
    /// <param name="logger">Takes messages without user data; null for none.</param>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public GenerationStore(string folder, GenerationStoreOptions? options = null, IFileSystem? files = null, ILogger<GenerationStore>? logger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        options ??= new();
        ValidateOptionsResult valid = new GenerationStoreOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(GenerationStoreOptions), typeof(GenerationStoreOptions), valid.Failures);
        _folder = Path.GetFullPath(folder);
        _keep = options.Keep;
        _isSealing = options.Key is not null;
        _files = files ?? DeviceFileSystem.Instance;
        _logger = Observers.Guard(logger);
        _generations = new(_folder, _files, options.Key, _logger);
    }

    /// <summary>Commits a state. One that equals the newest generation is not written again, so that a commit can be repeated after a crash.</summary>
    /// <param name="content">At most 2 GiB less 64 bytes.</param>
    /// <returns>The generation's number; when this returns, it is on the disk.</returns>
    /// <exception cref="ArgumentException">It is a model's state that holds infinities or NaN, which no model would restore; nothing is written.</exception>
    /// <exception cref="IOException">The disk is full or fails, or another store has the folder; the generations before stand.</exception>
    /// <exception cref="ProfileKeyException">The profile's key was made before and is missing.</exception>
    public long Commit(ReadOnlySpan<byte> content)
    {
        if (StateFile.FindNotFinite(content) is { } tensor)
            throw new ArgumentException($"The state's tensor '{tensor}' holds values that are not finite; it was not committed.", nameof(content));
        lock (_lock)
        {
            OwnFolder();
            Generation? last = Newest(out GenerationFileState state, out long newestUnreadable);
            if (last is not null && last.Content.Span.SequenceEqual(content) && !(state == GenerationFileState.Plain && _isSealing))
                return last.Number;
            long number = NextNumber(last?.Number ?? 0, newestUnreadable);
            string path = _generations.PathOf(number);
            try
            {
                DurableFile.Write(_files, path, _generations.Encode(number, content));
            }
            catch
            {
                _generations.TryErase(path + DurableFile.TemporaryExtension);
                throw;
            }

            if (TryRead(path, number, out _) is not { } written || !written.Content.Span.SequenceEqual(content))
            {
                _intact.Remove(number);
                _generations.TryErase(path);
                throw new IOException($"Generation {number} in '{_folder}' did not read back as it was written. The disk may be failing; the generations before stand.");
            }

            Prune();
            SealPlain();
            return number;
        }
    }

    /// <summary>Commits a model's parameters, optimizer state and version.</summary>
    /// <param name="model">The model; it may go on predicting and learning.</param>
    /// <returns>The generation's number; when this returns, it is on the disk.</returns>
    /// <exception cref="IOException">The disk is full or fails, or another store has the folder; the generations before stand.</exception>
    /// <exception cref="ProfileKeyException">The profile's key was made before and is missing.</exception>
    public long Commit(PersonalModel model)
    {
        ArgumentNullException.ThrowIfNull(model);

        // Captured under the lock: what is cleared meanwhile, so that it be forgotten, must not come back.
        lock (_lock)
            return Commit(model.CaptureState());
    }

    /// <summary>Commits the state of a learner's model and, where a gate keeps a candidate beside it, that candidate and what it was measured by.</summary>
    /// <param name="learner">The learner; a step under way is waited for.</param>
    /// <returns>The generation's number; when this returns, it is on the disk.</returns>
    /// <exception cref="IOException">The disk is full or fails, or another store has the folder; the generations before stand.</exception>
    /// <exception cref="ProfileKeyException">The profile's key was made before and is missing.</exception>
    public long Commit(OnlineLearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        lock (_lock)
            return Commit(learner.Capture().ToBytes());
    }

    /// <summary>Lets a learner with a gate go on with the candidate of the newest intact generation. Call it after <see cref="Restore"/>, before the learner has feedback.</summary>
    /// <param name="learner">The learner.</param>
    /// <returns>False if its model serves other parameters than that generation's, there is no gate or no candidate: learning then begins from the model.</returns>
    /// <exception cref="IOException">The folder cannot be read, or another store has it.</exception>
    /// <exception cref="ProfileKeyException">The profile's key was made before and is missing.</exception>
    /// <exception cref="ObjectDisposedException">The learner is disposed.</exception>
    public bool RestoreCandidate(OnlineLearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        foreach (Generation generation in ReadNewestFirst())
        {
            try
            {
                return learner.TryRestore(generation.Content, $"generation {generation.Number}");
            }
            catch (InvalidArtifactException error)
            {
                Log.GenerationRefused(_logger, generation.Number, error);
            }
        }

        return false;
    }

    /// <summary>Restores the newest generation that is intact and fits the model; without one, the parameters as compiled.</summary>
    /// <param name="model">The model.</param>
    /// <returns>Which generation serves now, and what was passed over.</returns>
    /// <exception cref="IOException">The folder cannot be read, or another store has it.</exception>
    /// <exception cref="ProfileKeyException">The profile's key was made before and is missing.</exception>
    public GenerationRestore Restore(PersonalModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ImmutableArray<long>.Builder refused = ImmutableArray.CreateBuilder<long>();
        foreach (Generation generation in ReadNewestFirst(refused.Add))
        {
            try
            {
                model.RestoreState(generation.Content, $"generation {generation.Number}");
                return new(generation.Number, refused.ToImmutable()) { Ignored = Strangers() };
            }
            catch (InvalidArtifactException error)
            {
                Log.GenerationRefused(_logger, generation.Number, error);
                refused.Add(generation.Number);
            }
        }

        model.Reset();
        return new(0, refused.ToImmutable()) { Ignored = Strangers() };
    }

    /// <summary>Reads the intact generations, newest first, as they are asked for.</summary>
    /// <param name="onDamaged">Called with the number of each generation that is passed over because it is damaged or unreadable.</param>
    /// <exception cref="IOException">The folder cannot be read, or another store has it.</exception>
    /// <exception cref="ProfileKeyException">The profile's key was made before and is missing.</exception>
    public IEnumerable<Generation> ReadNewestFirst(Action<long>? onDamaged = null)
    {
        foreach ((long number, string path) in Numbers())
        {
            Generation? generation;
            GenerationFileState state;
            lock (_lock)
            {
                OwnFolder();
                generation = TryRead(path, number, out state);
            }

            if (generation is not null)
            {
                yield return generation;
                continue;
            }

            if (state == GenerationFileState.Damaged)
                Log.GenerationDamaged(_logger, number);
            onDamaged?.Invoke(number);
        }
    }

    /// <summary>Overwrites and deletes every generation: the base remains.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public void Clear()
    {
        lock (_lock)
        {
            OwnFolder();
            _intact.Clear();
            _generations.Clear();
        }
    }

    /// <summary>Frees the folder for another store. Idempotent.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _folderLock?.Dispose();
            _folderLock = null;
        }
    }

    // Before anything is read: two stores that count from the same newest generation would overwrite each other's.
    private void OwnFolder()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_folderLock is not null)
            return;
        _files.CreateFolder(_folder);
        _folderLock = _files.Lock(_folder);
        _generations.Sweep();
    }

    private Generation? Newest(out GenerationFileState state, out long newestUnreadable)
    {
        state = GenerationFileState.Damaged;
        newestUnreadable = 0;
        foreach ((long number, string path) in Numbers())
        {
            if (TryRead(path, number, out state) is { } generation)
                return generation;
            if (state == GenerationFileState.Unreadable)
                newestUnreadable = Math.Max(newestUnreadable, number);
        }

        return null;
    }

    // Above what may be a generation once it can be read again, unless that leaves no numbers; and never over what stands there.
    private long NextNumber(long newest, long newestUnreadable)
    {
        long number = _generations.FirstFree(Math.Max(newest, newestUnreadable) + 1);
        if (number > GenerationFolder.LargestNumber)
            number = _generations.FirstFree(newest + 1);
        return number <= GenerationFolder.LargestNumber
            ? number
            : throw new IOException($"The generations in '{_folder}' have used up their numbers. Restore the newest one, clear the store and commit it again.");
    }

    private Generation? TryRead(string path, long number, out GenerationFileState state)
    {
        Generation? generation = _generations.Read(path, number, out state);
        _ = generation is null ? _intact.Remove(number) : _intact.Add(number);
        return generation;
    }

    private List<(long Number, string Path)> Numbers()
    {
        lock (_lock)
        {
            OwnFolder();
            return _generations.Numbers();
        }
    }

    private ImmutableArray<string> Strangers()
    {
        ImmutableArray<string> strangers;
        lock (_lock)
        {
            OwnFolder();
            strangers = [.. _generations.Strangers()];
        }

        if (!strangers.IsEmpty)
            Log.StrangersIgnored(_logger, strangers.Length);
        return strangers;
    }

    // What stands beside a new, verified generation from before there was a key: a crash between erasing and renaming costs an older one.
    private void SealPlain()
    {
        if (!_isSealing || !_mayHavePlain)
            return;
        _mayHavePlain = false;
        foreach ((long number, string path) in Numbers())
        {
            if (TryRead(path, number, out GenerationFileState state) is not { } generation || state != GenerationFileState.Plain)
                continue;
            try
            {
                _generations.Seal(generation, path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _mayHavePlain = true;
                Log.LeftoverKept(_logger, error);
            }
        }
    }

    // What leaves is older than the newest intact ones; failing to delete costs room, not safety.
    private void Prune()
    {
        int kept = 0;
        foreach ((long number, string path) in Numbers())
        {
            if (kept >= _keep)
            {
                _intact.Remove(number);
                _generations.TryErase(path);
            }
            else if (_intact.Contains(number) || TryRead(path, number, out _) is not null)
            {
                kept++;
            }
        }
    }
}
