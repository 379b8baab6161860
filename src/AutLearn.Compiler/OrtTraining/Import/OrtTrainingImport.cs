using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>What an official set of ONNX Runtime Training becomes: the plain model with its learned parameters, and how to go on training it.</summary>
/// <remarks>
/// The network is the evaluation model without its loss; what is frozen and what learns, and the moments, come from the checkpoint. Pure; safe
/// for use by several threads, one evaluation model each.
/// </remarks>
public sealed class OrtTrainingImport
{
    // The engine's own, where nothing else was set.
    private const double DefaultLearningRate = 0.001;

    private OrtTrainingImport()
    {
    }

    /// <summary>Gets the model from user inputs to predictions, the parameters inside. Its first output is what the loss reads, the others are those of the evaluation model.</summary>
    public required OnnxModel Model { get; init; }

    /// <summary>Gets the value of the model that the loss reads.</summary>
    public required string Scores { get; init; }

    /// <summary>Gets the loss.</summary>
    public required Loss Loss { get; init; }

    /// <summary>Gets the optimizer.</summary>
    public required Optimizer Optimizer { get; init; }

    /// <summary>Gets the largest norm of all gradients together; null where they are not clipped.</summary>
    public required double? ClipNorm { get; init; }

    /// <summary>Gets the learning rate that the set began with.</summary>
    /// <value>In (0, 1]; 0.001, the engine's default, where the checkpoint holds none.</value>
    public required double LearningRate { get; init; }

    /// <summary>Gets the updates made so far.</summary>
    public required long Step { get; init; }

    /// <summary>Gets the optimizer's moments and its count of steps; empty where it has made none, or keeps none.</summary>
    public required ImmutableArray<OptimizerStateValue> State { get; init; }

    /// <summary>Gets every parameter and what becomes of it, by name.</summary>
    public required ImmutableArray<ImportedParameter> Parameters { get; init; }

    /// <summary>Gets the names of what is trained.</summary>
    public IEnumerable<string> Trained => Parameters.Where(p => p.Fate is ParameterFate.Trained or ParameterFate.TrainedWithMoments).Select(p => p.Name);

    /// <summary>Gets a value indicating whether batch normalisation was trained on each batch's own statistics.</summary>
    public required bool TrainsBatchStatistics { get; init; }

    /// <summary>Gets a value indicating whether dropout dropped while training.</summary>
    public required bool TrainsWithDropout { get; init; }

    /// <summary>Gets the outputs of the evaluation model that are left out because they depend on labels.</summary>
    public required ImmutableArray<string> DroppedOutputs { get; init; }

    /// <summary>Takes a set over.</summary>
    /// <param name="set">The set; its models are not changed.</param>
    /// <param name="options">What the set does not tell; null for nothing.</param>
    /// <param name="cancellationToken">Checked between stages and at each node.</param>
    /// <exception cref="AutLearnException">The parts do not belong together, or hold what is not known; the message says which and what to do.</exception>
    /// <exception cref="ArgumentException">The checkpoint is nominal; fill it first (<see cref="OfficialCheckpoint.WithParametersOf"/>).</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static OrtTrainingImport Of(OrtTrainingSet set, OrtImportOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        if (set.Checkpoint.IsNominal)
            throw new ArgumentException("The checkpoint is nominal: it holds names but no parameters. Fill it by WithParametersOf first.", nameof(set));
        TrainingModelFacts facts = TrainingModelFacts.Of(set.Training, set.Checkpoint);
        (Optimizer optimizer, double? clipNorm) = OptimizerRecognition.Read(set.Optimizer);
        OnnxModel model = set.Evaluation.Clone();
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        HashSet<string> unread = Apply(set.Checkpoint, model);
        new ConstantNodeLifting().Run(model, cancellationToken);
        new EvaluationRepair().Run(model, cancellationToken);
        (Loss loss, Value scores, bool areClassesSecond) = LossOf(graph, options ?? new());
        ImmutableArray<string> dropped = CutOff(model, scores, cancellationToken);
        string read = areClassesSecond ? WithClassesLast(model, scores, cancellationToken) : scores.Name;

        if (set.Checkpoint.OptimizerGroups.Length > 1)
            throw new AutLearnException($"The checkpoint holds {set.Checkpoint.OptimizerGroups.Length} groups of optimizer state, where the official engine writes one.");
        OfficialOptimizerGroup? group = set.Checkpoint.OptimizerGroups.FirstOrDefault();
        bool keepsMoments = optimizer is AdamWOptimizer && group is { Step: > 0 };
        ImmutableArray<ImportedParameter> parameters = Fates(set.Checkpoint, graph, scores, unread, n => keepsMoments && group!.Moments.ContainsKey(n));
        return new OrtTrainingImport
        {
            Model = model,
            Scores = read,
            Loss = loss,
            Optimizer = optimizer,
            ClipNorm = clipNorm,
            LearningRate = group?.InitialLearningRate is > 0 and <= 1 and var rate ? rate : DefaultLearningRate,
            Step = group?.Step ?? 0,
            State = keepsMoments ? MomentsOf(group!, parameters) : [],
            Parameters = parameters,
            TrainsBatchStatistics = facts.HasBatchStatistics,
            TrainsWithDropout = facts.HasDropout,
            DroppedOutputs = dropped,
        };
    }

    /// <summary>Gets the options that compile the model so that training goes on where it was.</summary>
    /// <param name="modelName">The model's name in the manifest.</param>
    public CompileOptions ToCompileOptions(string modelName) => new()
    {
        ModelName = modelName,
        Trainable = TrainableSelection.Patterns(Trained),
        Loss = Loss,
        Optimizer = Optimizer,
        ClipNorm = ClipNorm,
        LogitsName = Scores,
        BatchNormalization = TrainsBatchStatistics ? NormalizationStatistics.Training : NormalizationStatistics.Frozen,
        TrainingDropout = TrainsWithDropout,
        InitialState = State,
        Defaults = new(LearningRate, 16, 5),
    };

    // Parameters that the network does not read may have no place in it.
    private static HashSet<string> Apply(OfficialCheckpoint checkpoint, OnnxModel model)
    {
        string[] lost = [.. checkpoint.Trainable.Keys.Where(n => model.Graph.Find(n) is null).Select(n => $"'{n}'")];
        if (lost.Length > 0)
            throw new AutLearnException($"The evaluation model has no {string.Join(", ", lost.Take(5))}{(lost.Length > 5 ? ", ..." : "")}, which the checkpoint trains: they are of two sets. Give the evaluation model and the checkpoint that were made together.");
        HashSet<string> unread = [.. checkpoint.Frozen.Keys.Where(n => model.Graph.Find(n) is null)];
        (checkpoint with { Frozen = checkpoint.Frozen.RemoveRange(unread) }).ApplyTo(model);
        foreach (Value input in model.Graph.Inputs.Where(i => i.Initializer is null))
        {
            if (input.Uses.FirstOrDefault(u => IsWeight(u)) is { Node: { } reader })
                throw new AutLearnException($"The checkpoint lacks '{input.Name}', which node '{reader.DisplayName}' ({reader.OpType}) of the evaluation model reads as its weights: they are of two sets. Give the evaluation model and the checkpoint that were made together.");
        }

        return unread;
    }

    private static bool IsWeight(ValueUse use) => use.Node.Domain.Length == 0 && use.Node.OpType switch
    {
        "Conv" or "ConvTranspose" or "BatchNormalization" or "LayerNormalization" or "InstanceNormalization" => use.InputIndex > 0,
        "LSTM" or "GRU" or "RNN" => use.InputIndex is 1 or 2 or 3,
        "Gemm" => use.InputIndex == 2,
        _ => false,
    };

    private static (Loss Loss, Value Scores, bool AreClassesSecond) LossOf(OnnxGraph graph, OrtImportOptions options)
    {
        if (graph.Outputs.Count == 0)
            throw new AutLearnException("The evaluation model has no output, where its loss should be the first.");
        Value end = graph.Outputs[0];
        RecognizedLoss? found = LossRecognition.Find(end);
        Value? scores = options.ScoresName is { } name
            ? graph.Find(name) is { Producer: not null } value ? value : throw new AutLearnException($"The evaluation model computes no '{name}' that the loss could read.")
            : found?.Scores;
        if (scores is null || (options.Loss ?? found?.Loss) is not { } loss)
        {
            string what = found?.Problem is { } problem ? $"cannot be taken over: {problem}" : "is none that is known (cross-entropy, binary cross-entropy with logits, mean squared or absolute error)";
            string give = scores is null ? "the value that it reads (ScoresName; --scores) and the loss to go on with (Loss; --loss)" : "the loss to go on with (Loss; --loss)";
            throw new AutLearnException($"The loss '{end.Name}' of the evaluation model{(end.Producer is { } last ? $", computed by {last.OpType}," : "")} {what}. Give {give}.");
        }

        return (loss, scores, found is { AreClassesSecond: true } && ReferenceEquals(scores, found.Scores) && loss is SoftmaxCrossEntropyLoss);
    }

    // Leaves the scores and whatever else does not depend on labels.
    private static ImmutableArray<string> CutOff(OnnxModel model, Value scores, CancellationToken cancellationToken)
    {
        OnnxGraph graph = model.Graph;
        HashSet<Node> network = ParameterCatalog.AncestorsOf(scores);
        var supplied = new HashSet<Value>(network.SelectMany(NodeReads.Of).Where(v => v.IsInput));
        Value[] labels = [.. graph.Inputs.Where(i => !supplied.Contains(i))];
        HashSet<Node> behindLabels = ModelPreparation.HeadOf(graph, labels);
        Value[] others = [.. graph.Outputs.Skip(1).Where(o => !ReferenceEquals(o, scores))];
        Value[] kept = [.. others.Where(o => o.Producer is { } producer && !behindLabels.Contains(producer)).Distinct()];
        graph.ClearOutputs();
        graph.AddOutput(scores);
        foreach (Value output in kept)
            graph.AddOutput(output);
        new DeadNodeElimination().Run(model, cancellationToken);
        foreach (Value input in graph.Inputs.Where(i => i.Uses.Count == 0).ToArray())
            graph.Remove(input);
        return [.. others.Except(kept).Select(o => o.Name)];
    }

    // ONNX has the classes second, AutLearn last.
    private static string WithClassesLast(OnnxModel model, Value scores, CancellationToken cancellationToken)
    {
        ShapeInference.Infer(model, cancellationToken);
        if (scores.Shape is not { } shape)
            throw new AutLearnException($"The shape of '{scores.Name}', which the loss reads, cannot be inferred. Declare the shapes of the evaluation model's inputs.");
        if (shape.Rank <= 2)
            return scores.Name;
        long[] order = [0, .. Enumerable.Range(2, shape.Rank - 2).Select(i => (long)i), 1];
        Node node = model.Graph.AddNode("Transpose", [scores], [model.Graph.UniqueName($"{scores.Name}/classes_last")], [new("perm", AttributeValue.Of(order))]);
        model.Graph.AddOutput(node.Output(0)!);
        ShapeInference.Infer(model, cancellationToken);
        return node.Output(0)!.Name;
    }

    private static ImmutableArray<ImportedParameter> Fates(OfficialCheckpoint checkpoint, OnnxGraph graph, Value scores, HashSet<string> unread, Func<string, bool> hasMoments)
    {
        var before = new HashSet<Value>(ParameterCatalog.AncestorsOf(scores).SelectMany(NodeReads.Of));
        IEnumerable<ImportedParameter> trainable = checkpoint.Trainable.Select(p => new ImportedParameter(
            p.Key,
            p.Value.Type,
            graph.Find(p.Key) is not { } value || !before.Contains(value) ? ParameterFate.Unused : hasMoments(p.Key) ? ParameterFate.TrainedWithMoments : ParameterFate.Trained));
        IEnumerable<ImportedParameter> frozen = checkpoint.Frozen.Select(p => new ImportedParameter(
            p.Key, p.Value.Type, unread.Contains(p.Key) || graph.Find(p.Key) is null ? ParameterFate.Unused : ParameterFate.Frozen));
        IEnumerable<ImportedParameter> constants = graph.Initializers
            .Where(v => v.ElementType.IsFloatingPoint() && v.Initializer!.Count > 1 && !checkpoint.Trainable.ContainsKey(v.Name) && !checkpoint.Frozen.ContainsKey(v.Name))
            .Select(v => new ImportedParameter(v.Name, v.Type!, ParameterFate.Constant));
        ImmutableArray<ImportedParameter> all = [.. trainable.Concat(frozen).Concat(constants).OrderBy(p => p.Name, StringComparer.Ordinal)];
        return all.Any(p => p.Fate is ParameterFate.Trained or ParameterFate.TrainedWithMoments)
            ? all
            : throw new AutLearnException($"'{scores.Name}', which the loss reads, depends on no parameter that the checkpoint trains ({checkpoint.Trainable.Count} of them). There is nothing to go on with.");
    }

    private static ImmutableArray<OptimizerStateValue> MomentsOf(OfficialOptimizerGroup group, ImmutableArray<ImportedParameter> parameters)
    {
        var state = ImmutableArray.CreateBuilder<OptimizerStateValue>();
        state.Add(new(null, "step", Tensor.Scalar(group.Step)));
        foreach (ImportedParameter parameter in parameters.Where(p => p.Fate == ParameterFate.TrainedWithMoments))
        {
            ImmutableSortedDictionary<string, Tensor> own = group.Moments[parameter.Name];
            foreach ((string name, string slot) in (ReadOnlySpan<(string, string)>)[("momentum0", "exp_avg"), ("momentum1", "exp_avg_sq")])
            {
                state.Add(own.TryGetValue(name, out Tensor? moment)
                    ? new(parameter.Name, slot, moment)
                    : throw new AutLearnException($"The checkpoint's optimizer state of '{parameter.Name}' lacks '{name}', which AdamW keeps. Save the checkpoint again with its optimizer state, or without it."));
            }
        }

        return state.ToImmutable();
    }
}
