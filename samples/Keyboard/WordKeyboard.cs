using System.Text.RegularExpressions;
using AutLearn.Cache;
using AutLearn.Runtime;
using AutLearn.Runtime.Online;
using AutLearn.Samples.Hosting;

namespace AutLearn.Samples.Keyboard;

/// <summary>Suggests next words, and learns from the words that came.</summary>
/// <remarks>
/// Beside the personal network the shipped one guesses too, so that both are measured on the same words, each word before it is learnt.
/// Safe for use by several threads; one request works at a time, learning goes on beside it.
/// </remarks>
public sealed partial class WordKeyboard : IAsyncDisposable
{
    private const int Shown = 3;
    private const int TextWindow = 400;
    private const int OpenPredictions = 64;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly LearningProfile _profile;
    private readonly PersonalModel _shippedModel;
    private readonly Vocabulary _vocabulary;
    private readonly NextWordModel _personal;
    private readonly NextWordModel _shipped;
    private readonly HitFile _file;

    // The oldest come first; few are open at a time, as a word's feedback follows its suggestions at once.
    private readonly List<OpenPrediction> _open = [];
    private readonly List<long> _waiting = [];
    private HitCounts _hits;
    private long _nextId;

    /// <summary>Opens package and profile.</summary>
    /// <exception cref="AutLearnException">One of them is missing, damaged or does not fit; the message says what to do.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public WordKeyboard(KeyboardOptions options)
    {
        PersonalModel shipped = PersonalModel.Open(options.Package);
        LearningProfile? profile = null;
        try
        {
            _vocabulary = NextWordModel.VocabularyOf(shipped.Manifest);
            profile = LearningProfile.Open(options.Package, options.Profile, new OnlineLearnerOptions { BatchSize = options.Batch, LearningRate = options.Rate });
            _file = new(options.Profile, profile.Key);
            _hits = _file.Load();
            _personal = new(profile.Model);
            _shipped = new(shipped);
            _profile = profile;
            _shippedModel = shipped;
        }
        catch
        {
            _personal?.Dispose();
            profile?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            shipped.Dispose();
            throw;
        }
    }

    /// <summary>Suggests how a text goes on.</summary>
    /// <param name="text">What was typed; letters at its end are the beginning of the next word.</param>
    public Task<Suggestions> SuggestAsync(string text) => InTurnAsync(() =>
    {
        string end = text.Length > TextWindow ? text[^TextWindow..] : text;
        string prefix = Prefix().Match(end).Value;
        long[] context = _vocabulary.Context(WordText.Split(end[..^prefix.Length]));
        OpenPrediction prediction = Predict(context);
        string typed = WordText.Fold(prefix);
        float[] probabilities = _personal.Probabilities();
        int[] best = _personal.Best(Shown, w => _vocabulary.Words[w].StartsWith(typed, StringComparison.Ordinal));
        return new Suggestions(prediction.Id, prefix, [.. best.Select(w => new Suggestion(_vocabulary.Words[w], probabilities[w]))]);
    });

    /// <summary>Tells the word that came; a full batch is learnt in the background.</summary>
    /// <param name="id">Of the suggestions before it.</param>
    /// <param name="word">One word.</param>
    /// <returns>The new state; null if the suggestions are not known, or their word came already.</returns>
    public Task<KeyboardStatus?> FeedbackAsync(long id, string word) => InTurnAsync(() =>
    {
        int index = _open.FindIndex(p => p.Id == id);
        if (index < 0)
            return null;
        OpenPrediction prediction = _open[index];
        _open.RemoveAt(index);
        int label = _vocabulary.IndexOf(WordText.Fold(word));
        bool isUnknown = label == Vocabulary.Unknown;
        if (isUnknown)
            _profile.Learner.Forget(prediction.LearnerId);
        else
            Queue(prediction.LearnerId, label);
        _hits = new(
            _hits.Words + 1,
            _hits.Unknown + (isUnknown ? 1 : 0),
            _hits.ShippedTop1 + (prediction.ShippedTop[0] == label ? 1 : 0),
            _hits.ShippedTop3 + (prediction.ShippedTop.Contains(label) ? 1 : 0),
            _hits.PersonalTop1 + (prediction.PersonalTop[0] == label ? 1 : 0),
            _hits.PersonalTop3 + (prediction.PersonalTop.Contains(label) ? 1 : 0));
        _file.Save(_hits);
        return Status();
    });

    /// <summary>Gets what was learnt so far.</summary>
    public Task<KeyboardStatus> StatusAsync() => InTurnAsync(Status);

    /// <summary>Learns whatever words wait.</summary>
    public async Task<KeyboardStatus> LearnNowAsync()
    {
        await _profile.LearnNowAsync();
        return await StatusAsync();
    }

    /// <summary>Forgets everything that was learnt and counted.</summary>
    public async Task<KeyboardStatus> ResetAsync()
    {
        await _gate.WaitAsync();
        try
        {
            foreach (long row in _open.Select(p => p.LearnerId).Concat(_waiting))
                _profile.Learner.Forget(row);
            _open.Clear();
            _waiting.Clear();
            _file.Delete();
            await _profile.ResetAsync();
            _hits = new(0, 0, 0, 0, 0, 0);
            return Status();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Learns the words that wait, as no text is kept to learn them from later, and saves.</summary>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        try
        {
            await _profile.Learner.FlushAsync();
        }
        finally
        {
            _personal.Dispose();
            _shipped.Dispose();
            await _profile.DisposeAsync();
            _shippedModel.Dispose();
            _gate.Dispose();
        }
    }

    [GeneratedRegex(@"['\u2019]?\p{L}[\p{L}\p{M}\u00AD\u200C\u200D]*(?:['\u2019][\p{L}\p{M}\u00AD\u200C\u200D]*)*$|['\u2019]$", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();

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

    /// <summary>Predicts, and remembers the prediction unless the last one was of the same place.</summary>
    private OpenPrediction Predict(long[] context)
    {
        _personal.Predict(context);
        if (_open.LastOrDefault() is { } last && last.Context.AsSpan().SequenceEqual(context))
            return last;
        _shipped.Predict(context);
        if (_open.Count == OpenPredictions)
        {
            _profile.Learner.Forget(_open[0].LearnerId);
            _open.RemoveAt(0);
        }

        var prediction = new OpenPrediction(++_nextId, _profile.Learner.Remember(_personal.Batch), context, _personal.Best(Shown, _ => true), _shipped.Best(Shown, _ => true));
        _open.Add(prediction);
        return prediction;
    }

    private void Queue(long row, int label)
    {
        _profile.Learner.Feedback(row, label);
        _waiting.Add(row);

        // Rows train in the order of their labels, so those that still wait are the last.
        CacheStatistics rows = _profile.Learner.Statistics.Cache;
        _waiting.RemoveRange(0, Math.Max(0, _waiting.Count - rows.LabelledRows - rows.LeasedRows));
    }

    private KeyboardStatus Status()
    {
        OnlineStatistics learner = _profile.Learner.Statistics;
        return new(
            _vocabulary.Words.Count - Vocabulary.Reserved,
            _profile.Model.ParameterVersion,
            learner.Cache.LabelledRows,
            _profile.BatchSize,
            _hits,
            float.IsFinite(learner.LastLoss) ? learner.LastLoss : null,
            learner.Cache.ReuseRatio,
            _profile.Problem);
    }

    private sealed record OpenPrediction(long Id, long LearnerId, long[] Context, int[] PersonalTop, int[] ShippedTop);
}
