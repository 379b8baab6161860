using AutLearn.Cache;
using AutLearn.Runtime;
using AutLearn.Runtime.Online;
using AutLearn.Samples.Hosting;

namespace AutLearn.Samples.Gallery;

/// <summary>A folder of photos that a model classifies and whose owner's answers it learns in the background.</summary>
/// <remarks>Safe for use by several threads; one request works at a time, learning goes on beside it.</remarks>
public sealed class PhotoGallery : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly LearningProfile _profile;
    private readonly PhotoClassifier _classifier;
    private readonly Photo[] _photos;
    private readonly AnswerFile _file;
    private readonly Dictionary<string, Answer> _answers;
    private readonly Dictionary<int, (long Version, Guess[] Top)> _shown = [];

    // In the order of the answers, which is the order in which the learner trains.
    private readonly List<(long Id, Photo Photo)> _waiting = [];
    private long _learntRows;
    private FeatureSet _answered;

    /// <summary>Opens package, folder and profile.</summary>
    /// <exception cref="AutLearnException">One of them is missing, damaged or does not fit; the message says what to do.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public PhotoGallery(GalleryOptions options)
    {
        if (string.IsNullOrEmpty(options.Package) || string.IsNullOrEmpty(options.Photos))
            throw new AutLearnException("Name a package with --package FILE.autlearn and a folder of photos with --photos FOLDER.");
        _photos = PhotoFolder.List(options.Photos);
        LearningProfile profile = LearningProfile.Open(options.Package, options.Profile, new OnlineLearnerOptions { BatchSize = options.Batch, LearningRate = options.Rate });
        try
        {
            _profile = profile;
            _classifier = new(profile.Model);
            _file = new(options.Profile, _classifier.Classes);
            _answers = _file.Load();
            _answered = MeasureAnswered();
            QueueUnlearnt();
        }
        catch
        {
            _classifier?.Dispose();
            profile.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    /// <summary>Gets the class names by index.</summary>
    public IReadOnlyList<string> Classes => _classifier.Classes;

    /// <summary>Gets a photo, or null.</summary>
    public Photo? Find(int id) => id >= 0 && id < _photos.Length ? _photos[id] : null;

    /// <summary>Classifies some of the photos; those that cannot be read come with their error.</summary>
    public Task<PhotoView[]> ViewAsync(int offset, int count) => InTurnAsync(() =>
    {
        MarkLearnt();
        return _photos.Skip(Math.Max(0, offset)).Take(Math.Clamp(count, 0, 100)).Select(View).ToArray();
    });

    /// <summary>Takes the user's answer; a full batch is learnt in the background.</summary>
    /// <exception cref="InvalidDataException">The photo cannot be read.</exception>
    /// <exception cref="IOException">The photo is gone, or the answers cannot be saved.</exception>
    public Task<PhotoView> NameAsync(Photo photo, int label) => InTurnAsync(() =>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, Classes.Count);
        Answer? before = _answers.GetValueOrDefault(photo.Name);
        _classifier.Predict(photo);
        int guess = _classifier.Batch.PredictedClass(0);
        _answers[photo.Name] = new(label, before?.FirstGuess ?? guess, before?.Order ?? _answers.Count, IsLearnt: false);
        _file.Save(_answers);
        if (before is null)
            _answered.Add(_classifier.Batch, label);
        Queue(photo, label);
        if (before is not null && before.Class != label)
            _answered = MeasureAnswered();
        return View(photo);
    });

    /// <summary>Learns whatever answers wait.</summary>
    public async Task<GalleryStatus> LearnNowAsync()
    {
        await _profile.LearnNowAsync();
        return await StatusAsync();
    }

    /// <summary>Forgets answers and what was learnt from them.</summary>
    public async Task<GalleryStatus> ResetAsync()
    {
        await _gate.WaitAsync();
        try
        {
            foreach ((long id, _) in _waiting)
                _profile.Learner.Forget(id);
            await _profile.ResetAsync();
            _file.Delete();
            _waiting.Clear();
            _answers.Clear();
            _learntRows = LearnerRows();
            _answered = _profile.Model.CreateFeatureSet();
            return Status();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Measures the photos that the user has named: only the head runs, on features kept from before.</summary>
    public Task<GalleryStatus> StatusAsync() => InTurnAsync(Status);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await InTurnAsync(() =>
        {
            MarkLearnt();
            return true;
        });
        _classifier.Dispose();
        await _profile.DisposeAsync();
        _gate.Dispose();
    }

    internal static bool IsUnreadable(Exception e) => e is InvalidDataException or IOException or UnauthorizedAccessException;

    private async Task<T> InTurnAsync<T>(Func<T> work)
    {
        await _gate.WaitAsync();
        try
        {
            return work();
        }
        finally
        {
            _gate.Release();
        }
    }

    private GalleryStatus Status()
    {
        MarkLearnt();
        OnlineStatistics learner = _profile.Learner.Statistics;
        bool[] history = [.. _answers.Values.OrderBy(a => a.Order).Select(a => a.Class == a.FirstGuess)];
        LearntClass[] learnt =
        [
            .. _answers.Values.Where(a => a.IsLearnt).GroupBy(a => a.Class)
                .Select(g => new LearntClass(Classes[g.Key], g.Count(), g.Count(a => a.Class != a.FirstGuess)))
                .OrderByDescending(c => c.Photos).ThenBy(c => c.Name, StringComparer.Ordinal),
        ];
        return new(
            _profile.Model.Manifest.ModelName,
            _photos.Length,
            _profile.Model.ParameterVersion,
            _answers.Count,
            _waiting.Count,
            _profile.BatchSize,
            history.Length == 0 ? null : (double)history.Count(right => right) / history.Length,
            _answered.Rows == 0 ? null : _profile.Model.Evaluate(_answered).Accuracy,
            history,
            learnt,
            float.IsFinite(learner.LastLoss) ? learner.LastLoss : null,
            learner.Cache.ReuseRatio,
            _profile.Problem);
    }

    private PhotoView View(Photo photo)
    {
        Answer? answer = _answers.GetValueOrDefault(photo.Name);
        Guess[] top = [];
        string? error = null;
        try
        {
            top = Top(photo);
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            error = $"This photo cannot be read: {e.Message}";
        }

        return new(photo.Id, photo.Name, top, answer?.Class, answer is null ? null : Classes[answer.Class], answer?.IsLearnt ?? false, error);
    }

    private Guess[] Top(Photo photo)
    {
        if (_shown.TryGetValue(photo.Id, out (long Version, Guess[] Top) shown) && shown.Version == _profile.Model.ParameterVersion)
            return shown.Top;
        _classifier.Predict(photo);
        Guess[] top = _classifier.Top();
        _shown[photo.Id] = (_classifier.Batch.ParameterVersion, top);
        return top;
    }

    /// <summary>Puts the last prediction with its answer in line for learning, in place of an older answer to the same photo.</summary>
    private void Queue(Photo photo, int label)
    {
        int old = _waiting.FindIndex(w => w.Photo == photo);
        if (old >= 0 && _profile.Learner.Forget(_waiting[old].Id))
            _waiting.RemoveAt(old);
        long id = _profile.Learner.Remember(_classifier.Batch);
        if (_profile.Learner.Feedback(id, label) == FeedbackResult.Accepted)
            _waiting.Add((id, photo));
    }

    /// <summary>Marks the answers of the steps since the last call, once the parameters of those steps are saved.</summary>
    /// <remarks>A crash in between leaves answers that are learnt once more, never one that is lost.</remarks>
    private void MarkLearnt()
    {
        long rows = LearnerRows();
        int count = (int)Math.Min(rows - _learntRows, _waiting.Count);
        _learntRows = rows;
        if (count <= 0)
            return;
        _profile.Save();
        foreach ((_, Photo photo) in _waiting.Take(count))
        {
            // An answer that was changed while its step ran stands in line a second time, and is learnt only then.
            if (!_waiting.Skip(count).Any(w => w.Photo == photo) && _answers.TryGetValue(photo.Name, out Answer? answer))
                _answers[photo.Name] = answer with { IsLearnt = true };
        }

        _waiting.RemoveRange(0, count);
        _file.Save(_answers);
    }

    private long LearnerRows()
    {
        OnlineStatistics statistics = _profile.Learner.Statistics;
        return statistics.TrainedRows + statistics.RefusedRows;
    }

    private FeatureSet MeasureAnswered()
    {
        FeatureSet answered = _profile.Model.CreateFeatureSet();
        foreach (Photo photo in _photos)
        {
            if (_answers.TryGetValue(photo.Name, out Answer? answer) && TryPredict(photo))
                answered.Add(_classifier.Batch, answer.Class);
        }

        return answered;
    }

    /// <summary>Puts in line again what was not learnt before the app stopped.</summary>
    private void QueueUnlearnt()
    {
        foreach (Photo photo in _photos.Where(p => _answers.TryGetValue(p.Name, out Answer? a) && !a.IsLearnt).OrderBy(p => _answers[p.Name].Order))
        {
            if (TryPredict(photo))
                Queue(photo, _answers[photo.Name].Class);
        }
    }

    private bool TryPredict(Photo photo)
    {
        try
        {
            _classifier.Predict(photo);
            return true;
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            // The file has gone or changed since; its answer stays in the profile for when it comes back.
            return false;
        }
    }
}
