using System.Collections.Immutable;
using System.Security.Cryptography;
using AutLearn.Compiler.Analysis;
using AutLearn.Compiler.Emission;
using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Partition;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Serialization;

namespace AutLearn.Compiler;

/// <summary>Turns a pretrained model into models that predict with it and train it on the device.</summary>
/// <remarks>Pure: model in, models out; the same input gives the same bytes. Safe for use by several threads.</remarks>
public static class ModelCompiler
{
    // Of a step's arithmetic. Below, a second model with all frozen weights in it costs more than it gives.
    private const double LeastSaving = 0.05;

    /// <summary>Compiles a model.</summary>
    /// <param name="model">The pretrained model, which is not changed. At least one input has a batch; where that is not its first dimension, the artifacts take and give it first.</param>
    /// <param name="options">What to compile it into.</param>
    /// <param name="progress">Is told each stage, or null.</param>
    /// <param name="cancellationToken">Checked between stages and, inside them, at each node.</param>
    /// <returns>The artifacts.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidModelException">The model is malformed, or its shapes do not fit the loss.</exception>
    /// <exception cref="UnsupportedGradientException">Operators of the trained part have no gradient rule; all are named.</exception>
    /// <exception cref="AutLearnException">The selection or the scores' name do not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static CompiledArtifacts Compile(
        OnnxModel model,
        CompileOptions options,
        IProgress<CompileProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        try
        {
            return CompileValid(model, options, progress, cancellationToken);
        }
        catch (OverflowException error)
        {
            // All arithmetic is checked. Shapes are plausible by themselves; what is computed from several of them may still be too large.
            throw new InvalidModelException($"The sizes in model '{model.Graph.Name}' are beyond what can be counted: {error.Message} Check its shapes and attributes.", error);
        }
    }

    private static CompiledArtifacts CompileValid(OnnxModel model, CompileOptions options, IProgress<CompileProgress>? progress, CancellationToken cancellationToken)
    {
        Report("check", 0);
        ModelChecker.Check(model, cancellationToken);
        string baseHash = HashOf(model);
        Report("normalise", 0.1);
        PreparedModel prepared = ModelPreparation.Prepare(model, options, cancellationToken);
        Report("partition", 0.3);
        OnnxGraph graph = prepared.Model.Graph;
        IReadOnlyList<Value> boundaryValues = BoundarySearch.Find(prepared, cancellationToken);
        foreach (Value value in boundaryValues)
            OpenSizes.Name(value);
        string[] boundary = [.. boundaryValues.Select(v => v.Name)];

        // Now, while no emitted model takes memory beside the copy that is hashed.
        string backboneHash = HashOf(InferenceEmission.EmitBackbone(prepared, boundary));
        var naming = new ArtifactNaming(graph);
        Report("differentiate", 0.4);
        var emission = new TrainStepEmission(prepared, boundary, naming, options, cancellationToken);
        StepModel step = emission.Emit();
        Report("cached step", 0.6);
        (StepModel? cached, string? reason) = EmitCached(emission, step, CostOf);
        Report("gradients", 0.65);
        StepModel? gradients = emission.EmitGradients(areScoresCached: false);
        StepModel? gradientsCached = cached is null || gradients is null ? null : emission.EmitGradients(areScoresCached: true);
        Report("inference and evaluation", 0.7);
        OnnxModel inference = InferenceEmission.Emit(prepared, boundary, cancellationToken);
        (OnnxModel evaluation, TensorSpec labels, ImmutableArray<MetricSpec> evaluationMetrics) = EvaluationEmission.Emit(prepared, boundary, naming, prepared.Loss, cancellationToken);
        Report("check results", 0.8);
        OnnxModel?[] all = [inference, step.Model, cached?.Model, gradients?.Model, gradientsCached?.Model, evaluation];
        foreach (OnnxModel emitted in all.OfType<OnnxModel>())
            ModelChecker.Check(emitted, cancellationToken);

        Report("write", 0.9);
        var manifest = new ArtifactManifest
        {
            FormatVersion = ArtifactManifest.CurrentFormatVersion,
            Producer = $"AutLearn {ModelEmission.ProducerVersion}",
            ModelName = options.ModelName,
            BaseModelSha256 = baseHash,
            BackboneSha256 = backboneHash,
            Opset = prepared.Model.Opset,
            BatchSymbol = prepared.BatchSymbol,
            Inputs = [.. prepared.UserInputs.Select(Describe)],
            Predictions = [.. prepared.Predictions.Distinct().Select(p => TensorDescription.OfPrediction(graph.Find(p)!))],
            Logits = Describe(prepared.Scores),
            Boundary = [.. boundary.Select(b => prepared.IsUserInput(b) ? new BoundarySpec(Describe(b), null, b) : new BoundarySpec(Describe(b), b, null))],
            Labels = labels,
            Parameters =
            [
                .. prepared.Trainable.Select(p => new ParameterSpec(Describe(p), ArtifactNaming.Next(p), ParameterRole.Trainable)),
                .. prepared.Buffers.Select(p => new ParameterSpec(Describe(p), ArtifactNaming.Next(p), ParameterRole.Buffer)),
            ],
            OptimizerState = step.State,
            LearningRateInput = naming.LearningRate,
            UpdateNowInput = options.AccumulationSteps > 1 ? naming.UpdateNow : null,
            SeedInput = step.SeedInput,
            LossOutput = naming.Loss,
            Metrics = [.. step.Metrics.Concat(evaluationMetrics).DistinctBy(m => m.Kind)],
            GradientFactors = step.Factors,
            Gradients = gradients?.Gradients ?? [],
            LabelWeight = gradients?.LabelWeight,
            Adapters = prepared.Adapters,
            Loss = prepared.Loss.Spec,
            Optimizer = options.Optimizer.Spec with { ClipNorm = options.ClipNorm, AccumulationSteps = options.AccumulationSteps > 1 ? options.AccumulationSteps : null, LazyRows = options.LazyRows },
            Defaults = options.Defaults,
            Preprocessing = options.Preprocessing,
            Text = options.Text?.Spec,
            Table = options.Table,
            Classes = Named(options.Classes, graph.Find(prepared.Scores)!),
            Files = [],
        };
        GraphCost stepCost = CostOf(step.Model);
        var report = new CompileReport
        {
            ForwardFlops = new GraphCost(inference, prepared.BatchSymbol, 1, cancellationToken).Flops(),
            StepFlops = stepCost.Flops(),
            CachedStepFlops = cached is null ? null : CostOf(cached.Model).Flops(),
            TrainableParameters = prepared.Trainable.Sum(p => prepared.Initial[p].Count),
            FrozenParameters = prepared.FrozenCount,
            PeakActivationBytes = stepCost.PeakBytes(),
            BoundaryBytesPerSample = SaturatingSize.Sum(boundaryValues.Select(v => BoundarySearch.BytesPerSample(v, prepared.BatchSymbol) ?? 0)),
            InferenceNodes = inference.Graph.Nodes.Count,
            StepNodes = step.Model.Graph.Nodes.Count,
            NoCachedStepBecause = reason,
        };
        var artifacts = new CompiledArtifacts(
            manifest, inference, step.Model, cached?.Model, gradients?.Model, gradientsCached?.Model, evaluation, prepared.Initial, InitialOptimizerState.Of(options, step.State), options.Text, report);
        progress?.Report(new("done", 1));
        return artifacts;

        TensorSpec Describe(string name) => TensorDescription.Of(graph.Find(name)!);

        GraphCost CostOf(OnnxModel emitted) => new(emitted, prepared.BatchSymbol, options.Defaults.BatchSize, cancellationToken);

        void Report(string stage, double fraction)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new(stage, fraction));
        }
    }

    private static (StepModel? Step, string? Reason) EmitCached(TrainStepEmission emission, StepModel step, Func<OnnxModel, GraphCost> costOf)
    {
        if (!emission.ScoresAreReusable(step))
            return (null, "Batch statistics or dropout make the scores of a training step differ from those of inference.");
        StepModel cached = emission.EmitCached();
        if (cached.Model.Graph.Nodes.Count >= step.Model.Graph.Nodes.Count)
            return (null, "The backward pass needs everything that leads to the scores, so reusing them saves nothing.");
        return costOf(cached.Model).Flops() <= (1 - LeastSaving) * costOf(step.Model).Flops()
            ? (cached, null)
            : (null, "Reusing the scores saves too little of the step's arithmetic to be worth a model of its own.");
    }

    private static string HashOf(OnnxModel model) => Convert.ToHexStringLower(SHA256.HashData(OnnxFile.ToBytes(model)));

    // One score tells two classes apart. Names that do not count as the scores do would put a wrong name to each.
    private static ImmutableArray<string> Named(ImmutableArray<string> classes, Value scores)
    {
        if (classes.IsEmpty || scores.Shape is not { Rank: > 0 } shape || !shape[shape.Rank - 1].IsKnown)
            return classes;
        long scored = shape[shape.Rank - 1].Size;
        return scored == classes.Length || (scored == 1 && classes.Length == 2)
            ? classes
            : throw new AutLearnException($"The scores '{scores.Name}' {shape} tell {scored} classes apart, but {classes.Length} are named ('{classes[0]}', ...). Name each class of the model once, or give the model a new head of {classes.Length} classes.");
    }
}
