using System.Text.Json;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Gate;
using AutLearn.Runtime.Storage;

namespace AutLearn.Runtime.Online;

/// <summary>Trains a candidate beside the serving model and lets it serve as long as the user's newest feedback does not prefer the model that learning began with.</summary>
/// <remarks>
/// Test, then train: each batch first measures the candidate and the anchor, neither of which has seen it, and then trains the candidate.
/// The hold-out is thus always the newest feedback. A candidate that is not worse serves with all it has learned, so nothing is lost to
/// waiting; one that is worse learns on while the anchor serves; one that is significantly worse starts again from the anchor.
/// For one thread at a time.
/// </remarks>
internal sealed class OnlineGate : IDisposable
{
    private readonly PersonalModel _serving;
    private readonly PersonalModel _anchor;
    private readonly PromotionGate _gate;
    private readonly int _minimumLabels;
    private readonly int _windowLabels;
    private readonly double _significance;
    private List<(EvaluationResult Anchor, EvaluationResult Candidate)> _window = [];
    private List<(EvaluationResult Anchor, EvaluationResult Candidate)> _nextWindow = [];
    private long _servingVersion;
    private bool _servesCandidate;
    private bool _mayServe;
    private bool _mayServeNext;

    public OnlineGate(PersonalModel serving, GateOptions options, int windowLabels)
    {
        _serving = serving;
        _gate = new(options);
        _minimumLabels = options.MinimumLabels;
        _windowLabels = Math.Max(windowLabels, options.MinimumLabels);
        _significance = options.Significance;
        _anchor = serving.Fork();
        try
        {
            Candidate = serving.Fork();
        }
        catch
        {
            _anchor.Dispose();
            throw;
        }

        Begin();
    }

    public PersonalModel Candidate { get; }

    public long Promotions { get; private set; }

    public long Rollbacks { get; private set; }

    /// <summary>Measures both models on a batch and decides which may serve. It counts with <see cref="Trained"/>: a batch whose step fails is measured anew.</summary>
    public void Observe(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, int rows, CancellationToken cancellationToken)
    {
        // Something else changed the serving model, such as a restored generation: that is where learning begins now.
        if (_serving.ParameterVersion != _servingVersion)
            Begin();
        FeatureSet batch = _serving.CreateFeatureSet();
        batch.Add(boundary, labels, rows);
        _nextWindow = [.. _window, (_anchor.Evaluate(batch, cancellationToken), Candidate.Evaluate(batch, cancellationToken))];
        _mayServeNext = _mayServe;
        while (_nextWindow.Count > 1 && _nextWindow.Skip(1).Sum(w => w.Anchor.LabelCount) >= _windowLabels)
            _nextWindow.RemoveAt(0);
        if (_nextWindow.Sum(w => w.Anchor.LabelCount) < _minimumLabels)
            return;
        GateReport report = _gate.Decide(Sum(_nextWindow.Select(w => w.Anchor)), Sum(_nextWindow.Select(w => w.Candidate)));
        _mayServeNext = report.IsPromoted;
        if (!_mayServeNext && report.WorsePValue < _significance)
        {
            Candidate.CopyFrom(_anchor);
            (_window, _nextWindow, _mayServe) = ([], [], false);
        }
    }

    /// <summary>Lets the candidate serve, or the anchor, as the batch before decided; neither where something else has changed the serving model since.</summary>
    public void Trained()
    {
        (_window, _mayServe) = (_nextWindow, _mayServeNext);
        if (_mayServe)
        {
            if (!_serving.TryCopyFrom(Candidate, ref _servingVersion))
                return;
            if (!_servesCandidate)
                Promotions++;
        }
        else if (_servesCandidate)
        {
            if (!_serving.TryCopyFrom(_anchor, ref _servingVersion))
                return;
            Rollbacks++;
        }

        _servesCandidate = _mayServe;
    }

    /// <summary>Adds to the serving model's state what learns beside it. Between two batches only.</summary>
    public SafetensorsFile Join(SafetensorsFile serving)
    {
        // Something else changed the serving model: learning begins there, and what learned beside it is void.
        if (_serving.ParameterVersion != _servingVersion)
            return serving;
        var evidence = new GateEvidence(_servesCandidate, _mayServe, Promotions, Rollbacks, [.. _window.Select(w => w.Anchor)], [.. _window.Select(w => w.Candidate)]);
        return StateFile.Join(serving, Beside(_servesCandidate).Capture(), JsonSerializer.Serialize(evidence, OnlineJson.Default.GateEvidence));
    }

    /// <summary>Goes on where <see cref="Join"/> left off, if the serving model is as it was then.</summary>
    /// <returns>Whether it does.</returns>
    /// <exception cref="InvalidArtifactException">The state is of another model or damaged; nothing is changed.</exception>
    public bool TryRestore(SafetensorsFile joined, string name)
    {
        if (StateFile.Split(joined) is not { } beside)
            return false;
        GateEvidence? evidence = Parse(beside.Note);
        if (evidence is not { IsSound: true })
            throw new InvalidArtifactException($"The state '{name}' holds no sound record of what a gate has measured.") { File = name };
        if (_serving.Capture().Tensors.Any(t => !joined.Tensors.TryGetValue(t.Key, out Tensor? saved) || !saved.Bytes.Span.SequenceEqual(t.Value.Bytes.Span)))
            return false;
        Begin();
        Beside(evidence.ServesCandidate).RestoreState(beside.Other, name);
        (_servesCandidate, _mayServe, Promotions, Rollbacks) = (evidence.ServesCandidate, evidence.MayServe, evidence.Promotions, evidence.Rollbacks);
        _window = [.. evidence.Anchor.Zip(evidence.Candidate)];
        return true;
    }

    public void Dispose()
    {
        Candidate.Dispose();
        _anchor.Dispose();
    }

    // Of anchor and candidate, one equals the serving model.
    private PersonalModel Beside(bool servesCandidate) => servesCandidate ? _anchor : Candidate;

    private static GateEvidence? Parse(string note)
    {
        try
        {
            return JsonSerializer.Deserialize(note, OnlineJson.Default.GateEvidence);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static EvaluationResult Sum(IEnumerable<EvaluationResult> results)
    {
        EvaluationResult[] all = [.. results];
        long labels = all.Sum(r => r.LabelCount);
        return new(
            all.Sum(r => r.Loss * r.LabelCount) / labels,
            all.Any(r => r.CorrectCount is null) ? null : all.Sum(r => r.CorrectCount),
            labels,
            [.. all.SelectMany(r => r.CorrectRows)],
            all[^1].ParameterVersion);
    }

    private void Begin()
    {
        _servingVersion = _anchor.CopyFrom(_serving);
        Candidate.CopyFrom(_anchor);
        (_servesCandidate, _mayServe) = (false, false);
        _window = [];
    }
}
