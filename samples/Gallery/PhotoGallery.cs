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
    
    // By the photo's content.
    private readonly Dictionary<string, Answer> _answers;
    private readonly Dictionary<int, (string Content, long Version, Guess[] Top)> _shown = [];

    // In the order of the answers, which is the order in which the learner trains.
    private readonly List<(long Id, string Content)> _waiting = [];
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
            _file = new(options.Profile, profile.Key, _classifier.Classes);
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
    /// <param name="photo">The photo.</param>
    /// <param name="label">Its class.</param>
    /// <param name="content">The <see cref="PhotoView.Content"/> that the user saw; null to take whatever the file holds.</param>
    /// <returns>The photo with its answer; null if the file holds another photo by now.</returns>
    /// <exception cref="InvalidDataException">The photo cannot be read.</exception>
    /// <exception cref="IOException">The photo is gone, or the answers cannot be saved.</exception>
    public Task<PhotoView?> NameAsync(Photo photo, int label, string? content = null) => InTurnAsync(() =>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, Classes.Count);
        PhotoContent file = PhotoFile.Read(photo);
        if (content is not null && content != file.Hash)
            return null;
        Answer? before = _answers.GetValueOrDefault(file.Hash);
        _classifier.Predict(photo, file);
        int guess = _classifier.Batch.PredictedClass(0);
        _answers[file.Hash] = new(label, before?.FirstGuess ?? guess, before?.Order ?? _answers.Count, IsLearnt: false, file.Bytes.Length);
        _file.Save(_answers);
        if (before is null)
            _answered.Add(_classifier.Batch, label);
        Queue(file.Hash, label);
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
            _file.Delete();
            await _profile.ResetAsync();
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
        PhotoContent? file = null;
        Guess[] top = [];
        string? error = null;
        try
        {
            file = PhotoFile.Read(photo);
            top = Top(photo, file);
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            error = $"This photo cannot be read: {e.Message}";
        }

        Answer? answer = file is null ? null : _answers.GetValueOrDefault(file.Hash);
        return new(photo.Id, photo.Name, file?.Hash, top, answer?.Class, answer is null ? null : Classes[answer.Class], answer?.IsLearnt ?? false, error);
    }

    private Guess[] Top(Photo photo, PhotoContent file)
    {
        if (_shown.TryGetValue(photo.Id, out (string Content, long Version, Guess[] Top) shown) && shown.Content == file.Hash && shown.Version == _profile.Model.ParameterVersion)
            return shown.Top;
        _classifier.Predict(photo, file);
        Guess[] top = _classifier.Top();
        _shown[photo.Id] = (file.Hash, _classifier.Batch.ParameterVersion, top);
        return top;
    }

    /// <summary>Puts the last prediction with its answer in line for learning, in place of an older answer to the same photo.</summary>
    private void Queue(string content, int label)
    {
        int old = _waiting.FindIndex(w => w.Content == content);
        if (old >= 0 && _profile.Learner.Forget(_waiting[old].Id))
            _waiting.RemoveAt(old);
        long id = _profile.Learner.Remember(_classifier.Batch);
        if (_profile.Learner.Feedback(id, label) == FeedbackResult.Accepted)
            _waiting.Add((id, content));
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
        foreach ((_, string content) in _waiting.Take(count))
        {
            // An answer that was changed while its step ran stands in line a second time, and is learnt only then.
            if (!_waiting.Skip(count).Any(w => w.Content == content) && _answers.TryGetValue(content, out Answer? answer))
                _answers[content] = answer with { IsLearnt = true };
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
        foreach ((_, Answer answer) in PredictAnswered(_ => true))
            answered.Add(_classifier.Batch, answer.Class);
        return answered;
    }

    /// <summary>Puts in line again what was not learnt before the app stopped, in the order of the answers.</summary>
    private void QueueUnlearnt()
    {
        foreach ((string content, Answer answer) in PredictAnswered(a => !a.IsLearnt))
            Queue(content, answer.Class);
    }

    /// <summary>Predicts each photo that has an answer, wherever its file is now; those whose file is gone keep their answer for when it comes back.</summary>
    private IEnumerable<(string Content, Answer Answer)> PredictAnswered(Func<Answer, bool> isWanted)
    {
        HashSet<long> sizes = [.. _answers.Values.Where(isWanted).Select(a => a.SizeInBytes)];
        var found = new Dictionary<string, Photo>(StringComparer.Ordinal);
        foreach (Photo photo in _photos.Where(p => sizes.Contains(SizeOf(p))))
        {
            if (TryRead(photo) is { } file && _answers.TryGetValue(file.Hash, out Answer? answer) && isWanted(answer))
                found.TryAdd(file.Hash, photo);
        }

        foreach ((string content, Photo photo) in found.OrderBy(f => _answers[f.Key].Order))
        {
            if (TryRead(photo) is { } file && file.Hash == content && TryPredict(photo, file))
                yield return (content, _answers[content]);
        }
    }

    private static long SizeOf(Photo photo) => new FileInfo(photo.Path) is { Exists: true } file ? file.Length : -1;

    private static PhotoContent? TryRead(Photo photo)
    {
        try
        {
            return PhotoFile.Read(photo);
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            return null;
        }
    }

    private bool TryPredict(Photo photo, PhotoContent file)
    {
        try
        {
            _classifier.Predict(photo, file);
            return true;
        }
        catch (InvalidDataException)
        {
            // What an older version could decode; the photo is shown with this error.
            return false;
        }
    }
}
