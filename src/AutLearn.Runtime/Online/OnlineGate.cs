using AutLearn.Runtime.Gate;

namespace AutLearn.Runtime.Online;

/// <summary>Trains a candidate beside the serving model and lets it serve once newer feedback has shown that it is not worse.</summary>
/// <remarks>
/// Test, then train: each batch first measures both models, which have not seen it, and then trains the candidate. The hold-out is thus
/// always the user's newest feedback. For one thread at a time.
/// </remarks>
internal sealed class OnlineGate : IDisposable
{
    private readonly PersonalModel _serving;
    private readonly PromotionGate _gate;
    private readonly int _minimumLabels;
    private readonly List<EvaluationResult> _servingResults = [];
    private readonly List<EvaluationResult> _candidateResults = [];
    private long _servingVersion;
    private bool _isAhead;

    public OnlineGate(PersonalModel serving, GateOptions options)
    {
        _serving = serving;
        _gate = new(options);
        _minimumLabels = options.MinimumLabels;
        Candidate = serving.Fork();
        Synchronize();
    }

    public PersonalModel Candidate { get; }

    public long Promotions { get; private set; }

    public long Rollbacks { get; private set; }

    public GateReport? LastReport { get; private set; }

    /// <summary>Measures both models on a batch and decides where there is enough to decide on.</summary>
    public void Observe(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, int rows, CancellationToken cancellationToken)
    {
        // Something else changed the serving model, such as a restored generation: what the candidate learned does not continue it.
        if (_serving.ParameterVersion != _servingVersion)
            Synchronize();
        if (!_isAhead)
            return;
        FeatureSet batch = _serving.CreateFeatureSet();
        batch.Add(boundary, labels, rows);
        _servingResults.Add(_serving.Evaluate(batch, cancellationToken));
        _candidateResults.Add(Candidate.Evaluate(batch, cancellationToken));
        if (_servingResults.Sum(r => r.LabelCount) < _minimumLabels)
            return;
        LastReport = _gate.Decide(Sum(_servingResults), Sum(_candidateResults));
        if (LastReport.IsPromoted)
        {
            _serving.CopyFrom(Candidate);
            Promotions++;
        }
        else
        {
            Rollbacks++;
        }

        Synchronize();
    }

    public void Trained() => _isAhead = true;

    public void Dispose() => Candidate.Dispose();

    private static EvaluationResult Sum(List<EvaluationResult> results)
    {
        long labels = results.Sum(r => r.LabelCount);
        return new(
            results.Sum(r => r.Loss * r.LabelCount) / labels,
            results.Any(r => r.CorrectCount is null) ? null : results.Sum(r => r.CorrectCount),
            labels,
            [.. results.SelectMany(r => r.CorrectRows)],
            results[^1].ParameterVersion);
    }

    private void Synchronize()
    {
        Candidate.CopyFrom(_serving);
        _servingVersion = _serving.ParameterVersion;
        _isAhead = false;
        _servingResults.Clear();
        _candidateResults.Clear();
    }
}
