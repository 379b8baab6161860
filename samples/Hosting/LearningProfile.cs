using AutLearn.Cache.Disk;
using AutLearn.Runtime;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.Samples.Hosting;

/// <summary>A model that learns in the background, and the folder that keeps what it learnt.</summary>
/// <remarks>Safe for use by several threads.</remarks>
public sealed class LearningProfile : IAsyncDisposable
{
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    private readonly string _statePath;
    private readonly Lock _saving = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _saver;
    private FolderLock _lock;
    private long _savedVersion;
    private bool _isStored;
    private string? _saveError;

    private LearningProfile(PersonalModel model, string folder, FolderLock folderLock, ProfileKey key, OnlineLearnerOptions options)
    {
        Model = model;
        _lock = folderLock;
        Folder = folder;
        Key = key;
        BatchSize = options.BatchSize;
        _statePath = Path.Combine(folder, "state.safetensors");
        PersonalFile.Sweep(_statePath);
        _isStored = File.Exists(_statePath);
        if (_isStored)
            model.LoadState(_statePath, key);
        _savedVersion = model.ParameterVersion;
        Learner = new(model, options);
        _saver = SaveNowAndThenAsync();
    }

    public PersonalModel Model { get; }

    public OnlineLearner Learner { get; }

    /// <summary>Gets the folder that keeps what was learnt.</summary>
    public string Folder { get; }

    /// <summary>Gets the key that seals every file of the profile.</summary>
    public ProfileKey Key { get; }

    /// <summary>Gets the answers that make one training step.</summary>
    public int BatchSize { get; }

    /// <summary>Gets why learning or saving stopped, or null.</summary>
    public string? Problem
    {
        get
        {
            lock (_saving)
                return _saveError ?? Learner.Statistics.Error?.Message;
        }
    }

    /// <summary>Opens a package with what the profile's folder has learnt before.</summary>
    /// <param name="package">The <c>.autlearn</c> file or folder.</param>
    /// <param name="folder">Created if absent.</param>
    /// <param name="options">How to learn.</param>
    /// <exception cref="AutLearnException">The package or the state is damaged, they do not fit each other, or another app uses the folder.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static LearningProfile Open(string package, string folder, OnlineLearnerOptions options)
    {
        PrivateFiles.CreateFolder(folder);
        FolderLock folderLock = Lock(folder);
        ProfileKey? key = null;
        PersonalModel? model = null;
        try
        {
            key = ProfileKey.Open(Path.Combine(folder, "learnt.key"), DeviceKeyProtector.Create(Path.Combine(folder, "profile.key")));
            model = PersonalModel.Open(package);
            return new(model, folder, folderLock, key, options);
        }
        catch
        {
            model?.Dispose();
            key?.Dispose();
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Saves the parameters where they have changed since they were last saved, or their file is gone.</summary>
    /// <exception cref="IOException">The file cannot be written; what was there is intact.</exception>
    public void Save()
    {
        lock (_saving)
        {
            long version = Model.ParameterVersion;
            if (version == _savedVersion && (!_isStored || File.Exists(_statePath)))
                return;
            KeepFolder();
            Model.SaveState(_statePath, Key);
            _savedVersion = version;
            _isStored = true;
            _saveError = null;
        }
    }

    /// <summary>Learns every answer that waits, goes on after an error, and saves.</summary>
    public async Task LearnNowAsync()
    {
        Learner.Resume();
        await Learner.FlushAsync();
        Save();
    }

    /// <summary>Goes back to the package's parameters, overwrites what was saved, and destroys the key. The caller forgets the answers that wait, and its own files, before.</summary>
    public async Task ResetAsync()
    {
        // With no answer left this trains nothing, but waits for a step that runs.
        await Learner.FlushAsync();
        lock (_saving)
        {
            KeepFolder();
            PersonalFile.Erase(_statePath);
            Key.Destroy();
            _isStored = false;
            Model.Reset();
            _savedVersion = Model.ParameterVersion;
            _saveError = null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _stop.CancelAsync();
            await _saver;
            await Learner.DisposeAsync();
            Save();
        }
        finally
        {
            Model.Dispose();
            Key.Dispose();
            _lock.Dispose();
            _stop.Dispose();
        }
    }

    /// <summary>Makes a folder again that was deleted while the app runs, and with it the lock.</summary>
    private void KeepFolder()
    {
        PrivateFiles.CreateFolder(Folder);
        try
        {
            FolderLock lockOfNewFolder = FolderLock.Acquire(Folder);
            _lock.Dispose();
            _lock = lockOfNewFolder;
        }
        catch (FolderInUseException)
        {
            // It is still the folder that this app holds.
        }
    }

    // Two apps that learn into one folder would overwrite each other's parameters.
    private static FolderLock Lock(string folder)
    {
        try
        {
            return FolderLock.Acquire(folder);
        }
        catch (FolderInUseException e)
        {
            throw new AutLearnException($"Another app uses the profile '{folder}'. Stop that app or name another folder with --profile.", e);
        }
    }

    private async Task SaveNowAndThenAsync()
    {
        using var timer = new PeriodicTimer(SaveInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    Save();
                }
#pragma warning disable CA1031 // Whatever fails must not end saving: the page shows it, and the next tick tries again.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    lock (_saving)
                        _saveError = $"What was learnt cannot be saved: {e.Message}";
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposal ends the loop and saves once more.
        }
    }
}
