using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Execution;

namespace AutLearn.Runtime;

/// <summary>The inputs and outputs of one inference run, reusable for the next run of any size.</summary>
/// <remarks>
/// Write <see cref="Inputs"/> and run <see cref="PersonalModel.Predict(PredictionBatch, CancellationToken)"/>: nothing is copied or
/// allocated, but for outputs whose sizes only the run tells (a number of boxes, the sides of a picture): they are copied, and are other buffers
/// after a run that changes their size. Buffers belong to the batch and change with its next run. For one thread at a time.
/// </remarks>
public sealed class PredictionBatch : IDisposable
{
    private readonly ModelRunner _runner;
    private readonly PredictionLayout _layout;
    private readonly TensorBuffer[] _predictions;
    private readonly TensorBuffer[] _boundary;
    private RunPlan? _plan;

    internal PredictionBatch(ModelRunner runner, PredictionLayout layout, ArtifactManifest manifest, ReadOnlySpan<long> sizes)
    {
        Manifest = manifest;
        _runner = runner;
        _layout = layout;
        _predictions = new TensorBuffer[layout.Predictions.Length];
        _boundary = new TensorBuffer[layout.Boundary.Length];
        Take(runner.Rent(sizes));
    }

    /// <summary>Gets the number of rows.</summary>
    /// <exception cref="ObjectDisposedException">The batch is disposed.</exception>
    public int Rows => (int)Plan.Rows;

    /// <summary>Gets the user inputs, in the order of <see cref="ArtifactManifest.Inputs"/>.</summary>
    /// <exception cref="ObjectDisposedException">The batch is disposed.</exception>
    public IReadOnlyList<TensorBuffer> Inputs => Plan.Inputs;

    /// <summary>Gets the predictions, in the order of <see cref="ArtifactManifest.Predictions"/>.</summary>
    /// <exception cref="ObjectDisposedException">The batch is disposed.</exception>
    public IReadOnlyList<TensorBuffer> Predictions => Live(_predictions);

    /// <summary>Gets the unnormalised scores.</summary>
    /// <exception cref="ObjectDisposedException">The batch is disposed.</exception>
    public TensorBuffer Logits => Plan.Outputs[_layout.Logits]!;

    /// <summary>Gets the boundary tensors, in the order of <see cref="ArtifactManifest.Boundary"/>.</summary>
    /// <exception cref="ObjectDisposedException">The batch is disposed.</exception>
    public IReadOnlyList<TensorBuffer> Boundary => Live(_boundary);

    /// <summary>Gets the version of the parameters that predicted; -1 before the first run.</summary>
    public long ParameterVersion { get; internal set; } = -1;

    internal RunPlan Plan => _plan ?? throw new ObjectDisposedException(nameof(PredictionBatch));

    internal ArtifactManifest Manifest { get; }

    internal ModelRunner Runner => _runner;

    internal ReadOnlySpan<TensorBuffer> BoundaryBuffers => _boundary;

    /// <summary>Gets the index of the highest score of a row; the lowest index among equals.</summary>
    /// <param name="row">In [0, <see cref="Rows"/>).</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="InvalidOperationException">The logits are not Float32 of shape [rows, classes].</exception>
    /// <exception cref="ObjectDisposedException">The batch is disposed.</exception>
    public int PredictedClass(int row)
    {
        TensorBuffer logits = Logits;
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        if (logits.Dimensions.Length != 2 || logits.Count == 0)
            throw new InvalidOperationException($"The logits {logits} are not of shape [rows, classes].");
        int classes = (int)logits.Dimensions[1];
        ReadOnlySpan<float> scores = logits.Span<float>().Slice(row * classes, classes);
        int best = 0;
        for (int i = 1; i < classes; i++)
        {
            if (scores[i] > scores[best])
                best = i;
        }

        return best;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _plan, null) is { } plan)
            _runner.Return(plan);
    }

    /// <summary>Makes the batch one of the given sizes; what it held is lost where they change.</summary>
    internal void Resize(ReadOnlySpan<long> sizes)
    {
        if (Plan.IsFor(sizes))
            return;
        RunPlan next = _runner.Rent(sizes);
        _runner.Return(Plan);
        ParameterVersion = -1;
        Take(next);
    }

    private TensorBuffer[] Live(TensorBuffer[] buffers)
    {
        ObjectDisposedException.ThrowIf(_plan is null, this);
        return buffers;
    }

    private void Take(RunPlan plan)
    {
        _plan = plan;
        Refresh();
    }

    /// <summary>Looks up the buffers again after a run, which may have made others.</summary>
    internal void Refresh()
    {
        RunPlan plan = Plan;
        for (int i = 0; i < _predictions.Length; i++)
            _predictions[i] = plan.Outputs[_layout.Predictions[i]]!;
        for (int i = 0; i < _boundary.Length; i++)
            _boundary[i] = _layout.Boundary[i] >= 0 ? plan.Outputs[_layout.Boundary[i]]! : plan.Inputs[-1 - _layout.Boundary[i]];
    }
}
