using System.Diagnostics;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Diagnostics;
using AutLearn.Runtime.Execution;
using AutLearn.Runtime.Parameters;
using AutLearn.Runtime.Updates;
using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Training;

/// <summary>Runs training steps and evaluations.</summary>
/// <remarks>
/// Steps come one at a time; the caller holds the writer's lock. A step reads the serving set and writes the other, which serves only
/// after the run has succeeded and its loss and everything it wrote are finite.
/// </remarks>
internal sealed class StepEngine : IDisposable
{
    private readonly ParameterSets _sets;
    private readonly ILogger _logger;
    private readonly long _seed;
    private readonly LabelCheck _labelCheck;
    private readonly StepRefusal _refusal;
    private readonly FiniteCheck _finite;
    private readonly ParameterUpdate? _update;
    private readonly ModelRunner _plain;
    private readonly ModelRunner? _cached;
    private readonly ModelRunner _evaluation;
    private readonly AccumulationWindow? _window;
    private readonly int _boundaryCount;
    private readonly bool _hasRowsFirst;
    private readonly bool _hasSeed;
    private readonly int _correctCount;
    private readonly int _labelCount;
    private readonly int _gradientNorm;
    private readonly int _correctRows;
    private long[] _lastSizes = [];

    public StepEngine(ArtifactPackage package, SessionFactory factory, ParameterSets sets, PersonalModelOptions options, ILogger logger)
    {
        ArtifactManifest manifest = package.Manifest;
        bool isSplit = !manifest.Gradients.IsEmpty && factory.IsCpuOnly && !options.RunsWholeSteps;
        _sets = sets;
        _logger = logger;
        _seed = options.Seed;
        _labelCheck = new(manifest);
        _refusal = new(manifest, sets, ComputeAgain);
        _plain = new(isSplit ? ModelSignature.Gradients(manifest, usesLogits: false) : ModelSignature.Step(manifest, usesLogits: false), factory, manifest, sets);
        _update = isSplit ? new(manifest, _plain.Signature, sets, options.IntraOpThreads) : null;
        _finite = new(manifest, _plain.Signature, sets);
        _window = AccumulationWindow.Of(manifest, _plain.Signature, sets);
        if (package.Contains(isSplit ? ArtifactNames.GradientsCached : ArtifactNames.TrainStepCached))
            _cached = new(isSplit ? ModelSignature.Gradients(manifest, usesLogits: true) : ModelSignature.Step(manifest, usesLogits: true), factory, manifest, sets);
        _evaluation = new(ModelSignature.Evaluation(manifest), factory, manifest, sets);
        _boundaryCount = manifest.Boundary.Length;
        _hasRowsFirst = _plain.Signature.Inputs.Take(_boundaryCount + 1).All(i => i.HasRowsFirst);
        _hasSeed = manifest.SeedInput is not null;
        _correctCount = OutputOf(manifest, "correct_count");
        _labelCount = OutputOf(manifest, "label_count");
        _gradientNorm = OutputOf(manifest, "gradient_norm");
        _correctRows = OutputOf(manifest, "correct_rows");
    }

    public bool HasCachedStep => _cached is not null;

    public bool IsTrainingLoaded => _plain.IsLoaded || _cached is { IsLoaded: true };

    /// <summary>Gets a value indicating whether steps sum their gradients and only some update. Such a step takes a batch whose labels are all ignored: it weighs nothing.</summary>
    public bool Accumulates => _window is not null;

    /// <summary>Trains on rows; with their logits where those are of the serving version, which gives the same result sooner.</summary>
    public StepResult Step<TSource>(TSource source, double learningRate, CancellationToken cancellationToken)
        where TSource : IBatchSource, allows ref struct
    {
        RequireRate(learningRate);
        long version = _sets.Version;
        ModelRunner runner = _cached is not null && source.LogitsVersion == version ? _cached : _plain;
        Span<long> sizes = stackalloc long[runner.Signature.SymbolCount];
        sizes.Clear();
        source.Measure(runner.Signature.Inputs.AsSpan(0, _boundaryCount), runner.Signature.Inputs[_boundaryCount], sizes);
        Slots.CheckSettled(sizes, runner.Signature.File);
        RunPlan plan = runner.Rent(sizes);
        try
        {
            TensorBuffer? logits = ReferenceEquals(runner, _cached) ? plan.Inputs[^1] : null;
            source.Fill(plan.Inputs.AsSpan(0, _boundaryCount), plan.Inputs[_boundaryCount], logits);
            long labels = _labelCheck.Count(plan.Inputs[_boundaryCount]);
            if (labels == 0 && _window is null)
                return new(float.NaN, null, 0, null, version) { IsUpdate = false };
            Remember(sizes);
            Set(plan, learningRate, version, updatesNow: false);
            return Run(runner, plan, version, labels, cancellationToken);
        }
        finally
        {
            runner.Return(plan);
        }
    }

    /// <summary>Trains on the rows of a refused batch that a step can take, in one step.</summary>
    /// <returns>Null where there is none, or rows cannot be told apart.</returns>
    public StepResult? StepOnRest<TSource>(TSource source, double learningRate, CancellationToken cancellationToken)
        where TSource : IBatchSource, allows ref struct
    {
        if (CopyRows(source) is not { } batch)
            return null;
        int[] rows = RowFit.Find(this, batch, learningRate, cancellationToken);
        if (rows.Length == 0)
            return null;
        return Step(batch.Select(rows).Source, learningRate, cancellationToken) with { RefusedRows = batch.Count - rows.Length, IsSecondTry = true };
    }

    /// <summary>Tells whether a step on these rows would be applied. It is not.</summary>
    public bool Takes(BatchRows rows, double learningRate, CancellationToken cancellationToken)
    {
        Span<long> sizes = stackalloc long[_plain.Signature.SymbolCount];
        sizes.Clear();
        rows.Source.Measure(_plain.Signature.Inputs.AsSpan(0, _boundaryCount), _plain.Signature.Inputs[_boundaryCount], sizes);
        RunPlan plan = _plain.Rent(sizes);
        try
        {
            rows.Source.Fill(plan.Inputs.AsSpan(0, _boundaryCount), plan.Inputs[_boundaryCount], logits: null);
            Set(plan, learningRate, _sets.Version, updatesNow: false);
            return Compute(_plain, plan, _sets.WaitForWritable(cancellationToken), _labelCheck.Count(rows.Labels), cancellationToken).IsFinite;
        }
        finally
        {
            _plain.Return(plan);
        }
    }

    /// <summary>Tells whether all labels of a row are ignored.</summary>
    public bool IsRowIgnored(BatchRows rows, int row) => _labelCheck.IsRowIgnored(rows.Labels, row, rows.Count);

    /// <summary>Updates with the mean of the gradients that wait for it, those of a window that no further step completes.</summary>
    /// <returns>Whether there were any.</returns>
    public bool EndWindow(double learningRate, CancellationToken cancellationToken)
    {
        RequireRate(learningRate);
        if (_window is null || !_window.IsOpen(1 - _sets.WaitForWritable(cancellationToken)))
            return false;
        if (_lastSizes.Length == 0)
            Remember(Enumerable.Repeat(1L, _plain.Signature.SymbolCount).ToArray());
        RunPlan plan = _plain.Rent(_lastSizes);
        try
        {
            // The model leaves out what the rows say, so they may say anything.
            foreach (TensorBuffer input in plan.Inputs)
                input.Bytes.Clear();
            long version = _sets.Version;
            Set(plan, learningRate, version, updatesNow: true);
            Run(_plain, plan, version, labels: 0, cancellationToken);
            return true;
        }
        finally
        {
            _plain.Return(plan);
        }
    }

    /// <summary>Measures rows on a set of parameters that the caller holds.</summary>
    public void Evaluate<TSource>(TSource source, int set, EvaluationSum sum, CancellationToken cancellationToken)
        where TSource : IBatchSource, allows ref struct
    {
        Span<long> sizes = stackalloc long[_evaluation.Signature.SymbolCount];
        sizes.Clear();
        source.Measure(_evaluation.Signature.Inputs.AsSpan(0, _boundaryCount), _evaluation.Signature.Inputs[_boundaryCount], sizes);
        Slots.CheckSettled(sizes, _evaluation.Signature.File);
        RunPlan plan = _evaluation.Rent(sizes);
        try
        {
            source.Fill(plan.Inputs.AsSpan(0, _boundaryCount), plan.Inputs[_boundaryCount], logits: null);
            long labels = _labelCheck.Count(plan.Inputs[_boundaryCount]);
            _evaluation.Run(plan, set, cancellationToken);
            long counted = Int64Of(plan, _labelCount) ?? labels;
            sum.Add(LossOf(plan), counted, Int64Of(plan, _correctCount), _correctRows >= 0 ? plan.Outputs[_correctRows] : null);
        }
        finally
        {
            _evaluation.Return(plan);
        }
    }

    public void Dispose()
    {
        _plain.Dispose();
        _cached?.Dispose();
        _evaluation.Dispose();
        _update?.Dispose();
    }

    private static void RequireRate(double learningRate)
    {
        if (learningRate is not (> 0 and <= float.MaxValue))
            throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "The learning rate must be a positive number.");
    }

    // A run that ends a window takes these: shapes that the model is known to take.
    private void Remember(ReadOnlySpan<long> sizes)
    {
        if (_window is null)
            return;
        if (_lastSizes.Length == 0)
            _lastSizes = new long[_plain.Signature.SymbolCount];
        sizes[.._lastSizes.Length].CopyTo(_lastSizes);
    }

    private void Set(RunPlan plan, double learningRate, long version, bool updatesNow)
    {
        plan.Inputs[_boundaryCount + 1].Span<float>()[0] = (float)learningRate;
        if (_hasSeed)
            plan.Inputs[_boundaryCount + 2].Span<long>()[0] = SeedOf(version);
        _window?.Tell(plan, updatesNow);
    }

    private StepResult Run(ModelRunner runner, RunPlan plan, long version, long labels, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan cpu = Telemetry.StepCpuTime.Enabled ? CpuTime.OfProcess() : default;
        int target = _sets.WaitForWritable(cancellationToken);
        bool hasGradient = labels > 0 || _window!.IsOpen(1 - target);
        Measures measured = Compute(runner, plan, target, labels, cancellationToken);
        if (!measured.IsFinite && labels > 0 && _hasRowsFirst && IgnoredRows.TryReplace(plan.Inputs.AsSpan(0, _boundaryCount), plan.Inputs[_boundaryCount], _labelCheck, (int)plan.Rows))
            measured = Compute(runner, plan, target, labels, cancellationToken);
        if (!measured.IsFinite)
        {
            bool isWindowRuined = _window is not null && _window.IsOpen(1 - target) && IsWindowRuined(_window, runner, plan, target);
            NonFiniteStepException refused = _refusal.Explain(runner, plan, target, measured.Loss, measured.GradientNorm, measured.NotFinite, version, isWindowRuined);
            if (isWindowRuined)
                DropWindow(_window!, target, version);
            Observers.Measure(Telemetry.RefusedSteps, 1);
            Log.StepRefused(_logger, version, refused.ParameterName);
            throw refused;
        }

        _sets.Commit(target, version + 1);
        _update?.Committed(version + 1);
        Observers.Measure(Telemetry.StepDuration, Stopwatch.GetElapsedTime(start).TotalSeconds);
        if (Telemetry.StepCpuTime.Enabled)
            Observers.Measure(Telemetry.StepCpuTime, (CpuTime.OfProcess() - cpu).TotalSeconds);
        return new(measured.Loss, Int64Of(plan, _correctCount), Int64Of(plan, _labelCount) ?? labels, measured.GradientNorm, version + 1) { IsUpdate = _window is null || (hasGradient && _window.HasEnded(target)) };
    }

    // Null where rows cannot be told apart.
    private BatchRows? CopyRows<TSource>(TSource source)
        where TSource : IBatchSource, allows ref struct
    {
        if (!_hasRowsFirst)
            return null;
        ReadOnlySpan<TensorSlot> slots = _plain.Signature.Inputs.AsSpan(0, _boundaryCount + 1);
        Span<long> sizes = stackalloc long[_plain.Signature.SymbolCount];
        sizes.Clear();
        source.Measure(slots[..^1], slots[^1], sizes);
        var tensors = new TensorBuffer[slots.Length];
        for (int i = 0; i < slots.Length; i++)
            tensors[i] = slots[i].Allocate(sizes);
        source.Fill(tensors.AsSpan(0, _boundaryCount), tensors[^1], logits: null);
        return new(tensors[..^1], tensors[^1]);
    }

    private Measures Compute(ModelRunner runner, RunPlan plan, int target, long labels, CancellationToken cancellationToken)
    {
        bool isRun = RunsModel(plan);
        if (isRun)
            runner.Run(plan, 1 - target, cancellationToken);
        float loss = labels == 0 ? 0 : LossOf(plan);
        int notFinite = -1;
        float? gradientNorm = _gradientNorm >= 0 && plan.Outputs[_gradientNorm] is { } norm ? norm.Span<float>()[0] : null;
        if (_update is not null && float.IsFinite(loss))
            notFinite = _update.Apply(isRun ? plan : null, target, RateOf(plan), labels > 0, out gradientNorm);
        if (!float.IsFinite(loss) || !float.IsFinite(gradientNorm ?? 0))
            return new(loss, gradientNorm, NotFinite: -1, IsFinite: false);
        if (notFinite < 0 && isRun)
            notFinite = _finite.FindNotFinite(plan, target, RateOf(plan), _update);
        return new(loss, gradientNorm, notFinite, IsFinite: notFinite < 0);
    }

    // Whatever the loss is: what was written tells why a step was refused.
    private void ComputeAgain(ModelRunner runner, RunPlan plan, int target)
    {
        bool isRun = RunsModel(plan);
        if (isRun)
            runner.Run(plan, 1 - target, CancellationToken.None);
        _update?.Apply(isRun ? plan : null, target, RateOf(plan), _labelCheck.Count(plan.Inputs[_boundaryCount]) > 0, out _);
    }

    // Where the optimizer stands apart, a window ends without the model.
    private bool RunsModel(RunPlan plan) => _update is null || _window?.UpdatesNow(plan) != true;

    private float RateOf(RunPlan plan) => plan.Inputs[_boundaryCount + 1].Span<float>()[0];

    // Gradients can be finite while their squares are not: such a window would be refused at its end whatever else comes into it.
    private bool IsWindowRuined(AccumulationWindow window, ModelRunner runner, RunPlan plan, int target)
    {
        bool updatesNow = window.UpdatesNow(plan);
        window.Tell(plan, updatesNow: true);
        try
        {
            ComputeAgain(runner, plan, target);
            _sets.Measure(target);
            return _sets.Magnitudes(target).ContainsAnyExceptInRange(0, double.MaxValue);
        }
        finally
        {
            window.Tell(plan, updatesNow);
        }
    }

    private void DropWindow(AccumulationWindow window, int target, long version)
    {
        _sets.CopyServingTo(target);
        window.Clear(target);
        _sets.Measure(target);
        _sets.Commit(target, version + 1);
    }

    // The loss is the first output of the step and evaluation signatures.
    private static float LossOf(RunPlan plan) => plan.Outputs[0]!.Span<float>()[0];

    private static long? Int64Of(RunPlan plan, int output) => output >= 0 && plan.Outputs[output] is { } buffer ? buffer.Span<long>()[0] : null;

    private static int OutputOf(ArtifactManifest manifest, string kind)
    {
        for (int i = 0; i < manifest.Metrics.Length; i++)
        {
            if (manifest.Metrics[i].Kind == kind)
                return 1 + i;
        }

        return -1;
    }

    /// <summary>SplitMix64's finaliser over seed and version: the same step always draws the same numbers, also after a restart.</summary>
    private long SeedOf(long version)
    {
        ulong z = (ulong)_seed + ((ulong)(version + 1) * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (long)((z ^ (z >> 31)) >> 1);
    }

    /// <summary>What a run gave, and the first tensor it wrote that is not finite; below 0 where loss or norm told first, or all are.</summary>
    private readonly record struct Measures(float Loss, float? GradientNorm, int NotFinite, bool IsFinite);
}
