using System.Diagnostics;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Parameters;

namespace AutLearn.Runtime.Execution;

/// <summary>Runs the inference model. Safe for use by several threads, each with its own batch.</summary>
internal sealed class Predictor : IDisposable
{
    private readonly ArtifactManifest _manifest;
    private readonly ParameterSets _sets;
    private readonly ModelRunner _runner;
    private readonly PredictionLayout _layout;

    public Predictor(ArtifactManifest manifest, SessionFactory factory, ParameterSets sets)
    {
        _manifest = manifest;
        _sets = sets;
        ModelSignature signature = ModelSignature.Inference(manifest);
        _layout = new(manifest, signature);
        _runner = new(signature, factory, manifest, sets);
    }

    private TensorSlot[] Inputs => _runner.Signature.Inputs;

    public bool Made(PredictionBatch batch) => ReferenceEquals(batch.Runner, _runner);

    public PredictionBatch CreateBatch(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        Span<long> sizes = stackalloc long[_runner.Signature.SymbolCount];
        SizesOf(rows, sizes);
        return new(_runner, _layout, _manifest, sizes);
    }

    public void Predict(PredictionBatch batch, CancellationToken cancellationToken)
    {
        if (!Made(batch))
            throw new ArgumentException("The batch is of another model.", nameof(batch));
        long start = Stopwatch.GetTimestamp();
        RunPlan plan = batch.Plan;
        batch.ParameterVersion = -1;
        int set = _sets.Acquire(out long version);
        try
        {
            _runner.Run(plan, set, cancellationToken);
            batch.Refresh();
            batch.ParameterVersion = version;
        }
        finally
        {
            _sets.Release(set);
        }

        Observers.Measure(Telemetry.PredictionDuration, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    public void Predict(ReadOnlySpan<float> input, PredictionBatch batch, CancellationToken cancellationToken)
    {
        Span<long> sizes = stackalloc long[_runner.Signature.SymbolCount];
        SizesOf(RowsOf(input), sizes);
        if (Made(batch))
        {
            batch.Resize(sizes);
            input.CopyTo(batch.Plan.Inputs[0].Span<float>());
        }

        Predict(batch, cancellationToken);
    }

    public PredictionBatch Predict(ReadOnlySpan<float> input, int rows, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        if (RowsOf(input) != rows)
            throw new ArgumentException($"{input.Length} values do not make {rows} rows of '{Inputs[0]}'.", nameof(input));
        PredictionBatch batch = CreateBatch(rows);
        try
        {
            Predict(input, batch, cancellationToken);
            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    /// <summary>Makes a batch of the sizes of some inputs, whose values are not read.</summary>
    public PredictionBatch CreateBatch(ReadOnlySpan<TensorBuffer> inputs)
    {
        if (inputs.Length != Inputs.Length)
            throw new ArgumentException($"The model has {Inputs.Length} inputs, not {inputs.Length}.", nameof(inputs));
        Span<long> sizes = stackalloc long[_runner.Signature.SymbolCount];
        sizes.Clear();
        for (int i = 0; i < inputs.Length; i++)
            Slots.Match(Inputs[i], inputs[i], sizes);
        return new PredictionBatch(_runner, _layout, _manifest, sizes);
    }

    public PredictionBatch Predict(ReadOnlySpan<TensorBuffer> inputs, CancellationToken cancellationToken)
    {
        PredictionBatch batch = CreateBatch(inputs);
        try
        {
            for (int i = 0; i < inputs.Length; i++)
                inputs[i].Bytes.CopyTo(batch.Plan.Inputs[i].Bytes);
            Predict(batch, cancellationToken);
            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    /// <summary>Gets the rows of the one Float32 input.</summary>
    /// <exception cref="ArgumentException">The model has other inputs, or the values make no whole number of rows.</exception>
    public int RowsOf(ReadOnlySpan<float> input) =>
        Inputs.Length == 1 && Inputs[0].ElementType == ElementType.Float32
            ? (int)Slots.RowsOf(Inputs[0], input.Length)
            : throw new ArgumentException($"The model takes not one Float32 input but {string.Join(", ", Inputs.Select(s => s.ToString()))}. Pass buffers.", nameof(input));

    public void Dispose() => _runner.Dispose();

    private static void SizesOf(int rows, Span<long> sizes)
    {
        sizes.Clear();
        sizes[0] = rows;
        Slots.CheckSettled(sizes, ArtifactNames.Inference);
    }
}
