using System.Collections.Immutable;
using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Layout;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Compiler.Randomness;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Emission;

/// <summary>Writes one training step: forward, loss, backward and update.</summary>
internal sealed class TrainStepEmission
{
    private readonly PreparedModel _prepared;
    private readonly CompileOptions _options;
    private readonly IReadOnlyList<string> _boundary;
    private readonly ArtifactNaming _naming;
    private readonly CancellationToken _cancellationToken;

    public TrainStepEmission(PreparedModel prepared, IReadOnlyList<string> boundary, ArtifactNaming naming, CompileOptions options, CancellationToken cancellationToken = default)
    {
        _prepared = prepared;
        _boundary = boundary;
        _naming = naming;
        _options = options;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Tells whether the scores that inference computes are those of a training step, so that they can be reused.</summary>
    /// <remarks>Batch statistics and dropout make them different.</remarks>
    public bool ScoresAreReusable(StepModel step) => _prepared.Buffers.Length == 0 && step.SeedInput is null;

    /// <summary>Emits the step from boundary tensors.</summary>
    /// <exception cref="UnsupportedGradientException">Operators of the head have no gradient rule.</exception>
    public StepModel Emit()
    {
        // Before anything that needs types: an operator that nobody here knows has none.
        OnnxGraph graph = _prepared.Model.Graph;
        IReadOnlyList<string> unsupported = new ReverseDifferentiation(_options.GradientRegistry)
            .FindUnsupported(_prepared.Model, graph.Find(_prepared.Scores)!, [.. _prepared.Trainable.Select(p => graph.Find(p)!)]);
        if (unsupported.Count > 0)
            throw new UnsupportedGradientException([.. unsupported]);
        return Emit(areScoresCached: false, gradientsOnly: false)!;
    }

    /// <summary>Emits the step from boundary tensors and the scores that inference computed with the same parameters.</summary>
    public StepModel EmitCached() => Emit(areScoresCached: true, gradientsOnly: false)!;

    /// <summary>Emits the step without the optimizer, but for updates that are part of a product.</summary>
    /// <returns>Null where that would leave nothing out, or a trained parameter is of a type that nobody else updates.</returns>
    public StepModel? EmitGradients(bool areScoresCached) => Emit(areScoresCached, gradientsOnly: true);

    // Sums and norms go over all gradients, so that with them all parameters are updated together.
    private bool UpdatesStandAlone => _options is { AccumulationSteps: 1, ClipNorm: null };

    // Told before anything is differentiated: plain descent leaves out the rows of tables alone.
    private bool LeavesAnythingOut()
    {
        Value[] trainable = [.. _prepared.Trainable.Select(p => _prepared.Model.Graph.Find(p)!)];
        return trainable.All(p => p.ElementType is ElementType.Float32 or ElementType.Float16)
            && (!UpdatesInProducts || trainable.Any(p => p.Uses.Any(u => u.Node.Is("Gather") && u.InputIndex == 0)));
    }

    // Plain descent adds to the weights while it multiplies, so that nothing is left to do after a dense gradient.
    private bool UpdatesInProducts => UpdatesStandAlone && _options.Optimizer.Spec is { Kind: "sgd", Momentum: 0 };

    private StepModel? Emit(bool areScoresCached, bool gradientsOnly)
    {
        if (gradientsOnly && !LeavesAnythingOut())
            return null;
        HeadModel head = HeadModel.Cut(_prepared, _boundary, _prepared.Loss, _naming, _cancellationToken);
        OnnxGraph graph = head.Graph;
        GraphBuilder builder = head.Builder;
        string? seed = ActivateDropout(head.Model);
        new ChannelMajorLayout().Run(head.Model, _cancellationToken);
        Dictionary<string, Value> next = RunningStatistics.Apply(head);

        // Dropout may stand right at the end and take the place of the scores.
        Value scores = graph.Outputs[0];
        Value read = scores;
        if (areScoresCached)
        {
            graph.Rename(scores, graph.UniqueName($"{_prepared.Scores}/computed"));
            read = graph.AddInput(_prepared.Scores, scores.Type);
        }

        LossTerms terms = _prepared.Loss.Build(builder, read, head.Labels);
        var state = new OptimizerState(graph);
        GradientAccumulation? accumulation = gradientsOnly ? null : Accumulate(builder, state, terms, read);
        Value scoresGradient = accumulation?.Weigh(terms.ScoresGradient) ?? terms.ScoresGradient;
        IReadOnlyDictionary<Value, Value> gradients = new ReverseDifferentiation(_options.GradientRegistry)
            .Differentiate(head.Model, [new(scores, builder.CastLike(scoresGradient, scores))], head.Trainable, _cancellationToken);
        string[] missing = [.. head.Trainable.Where(p => !gradients.ContainsKey(p)).Select(p => $"'{p.Name}'")];
        if (missing.Length > 0)
            throw new AutLearnException($"No gradient reaches the trainable parameters {string.Join(", ", missing)}: only operators through which none flows lead from them to '{_prepared.Scores}'. Freeze them.");

        Dictionary<Value, IReadOnlyList<TableGradient>> tables = TablesOf(head.Trainable, gradients);
        builder.NameStem = "optimizer";
        Value rate = graph.AddInput(_naming.LearningRate, new TensorType(ElementType.Float32, Shape.Scalar));
        Value[] updated = head.Trainable;
        List<(Value Parameter, Value Gradient, Value? Rows)> given = [];
        Value? norm = null;
        if (gradientsOnly)
        {
            given = GradientsFor(head, gradients, tables);
            updated = [.. head.Trainable.Except(given.Select(g => g.Parameter))];
            if (given.Count == 0)
                return null;
        }
        else
        {
            gradients = head.Trainable.ToDictionary(p => p, p => builder.Widened(gradients[p]));
            gradients = accumulation?.Sum(gradients, head.Trainable) ?? gradients;
            if (_options.ClipNorm is { } limit)
                (gradients, norm) = GradientClipping.Clip(builder, gradients, head.Trainable, limit);
        }

        new ParameterUpdates(builder, state, _options.Optimizer, rate, next)
            .Append(updated, gradients, p => UpdatesStandAlone && _options.Optimizer.KeepsUntouchedRows ? tables.GetValueOrDefault(p) : null);
        if (!gradientsOnly && !_options.Optimizer.KeepsUntouchedRows)
            KeepOtherRows(builder, state, next, tables);
        accumulation?.Gate(next, head.Parameters, head.Trainable);

        graph.ClearOutputs();
        if (areScoresCached)
            graph.ReplaceAllUses(scores, read);
        List<MetricSpec> metrics = Outputs(graph, terms, norm);

        // A normalisation that does not lead to the scores keeps its statistics.
        foreach (Value parameter in head.Parameters.Except(given.Select(g => g.Parameter)))
            ModelEmission.AddOutput(graph, next.GetValueOrDefault(parameter.Name, parameter), ArtifactNaming.Next(parameter.Name), parameter.Type);
        foreach (OptimizerState.Entry entry in state.Entries)
            ModelEmission.AddOutput(graph, entry.Next!, ArtifactNaming.Next(entry.State.Name), entry.State.Type);
        ImmutableArray<GradientSpec> specs = [.. given.Select(g => Give(graph, g.Parameter, g.Gradient, g.Rows))];
        TensorSpec? weight = gradientsOnly && _options.AccumulationSteps > 1
            ? TensorDescription.Of(ModelEmission.AddOutput(graph, terms.Weight, _naming.LabelWeight))
            : null;

        PassSequence.Simplify().Run(head.Model, _cancellationToken);
        new PassSequence(
            new ReshapeMerging(),
            new UpdateFusion(),
            new ProductScaling(),
            new ScaleMerging(),
            new WeightsFirstProduct(_prepared.BatchSymbol, _options.Defaults.BatchSize),
            new ScalarBroadcastFlattening(),
            new DeadNodeElimination()).Run(head.Model, _cancellationToken);
        PassSequence.Simplify().Run(head.Model, _cancellationToken);
        ImmutableArray<GradientFactorsSpec> factors = _options.AccumulationSteps == 1
            ? new GradientFactors(graph, _boundary, rate, _options.Optimizer.Spec, _prepared.BatchSymbol, _options.Defaults.BatchSize).Expose(updated, state)
            : [];
        string[] inputs =
        [
            .. _boundary,
            .. areScoresCached ? (string[])[_prepared.Scores] : [],
            _naming.Labels,
            .. _prepared.Parameters,
            .. state.Entries.Select(e => e.State.Name),
            .. updated.Length == 0 ? (string[])[] : [_naming.LearningRate],
            .. accumulation is null ? (string[])[] : [_naming.UpdateNow],
            .. seed is null ? (string[])[] : [seed],
        ];
        ModelEmission.Finish(head.Model, $"{(gradientsOnly ? "gradients" : "train_step")}{(areScoresCached ? "_cached" : "")}", inputs);
        new DepthFirstOrder().Run(head.Model, _cancellationToken);
        return new(head.Model, [.. state.Entries.Select(Describe)], seed, [.. metrics], factors) { Gradients = specs, LabelWeight = weight };
    }

    private List<(Value Parameter, Value Gradient, Value? Rows)> GradientsFor(
        HeadModel head, IReadOnlyDictionary<Value, Value> gradients, Dictionary<Value, IReadOnlyList<TableGradient>> tables)
    {
        var given = new List<(Value Parameter, Value Gradient, Value? Rows)>();
        HashSet<string?> sizes = [.. head.Graph.Inputs.SelectMany(i => i.Shape ?? Shape.Scalar).Select(d => d.Symbol)];
        foreach (Value parameter in head.Trainable)
        {
            if (tables.TryGetValue(parameter, out IReadOnlyList<TableGradient>? parts) && parts.All(p => p.Slices.Shape!.All(d => d.IsKnown || sizes.Contains(d.Symbol))))
                given.AddRange(parts.Select(p => (parameter, p.Slices, (Value?)p.Rows)));
            else if (!UpdatesInProducts)
                given.Add((parameter, gradients[parameter], null));
        }

        return given;
    }

    // The tables of which an update changes only the rows that the batch read.
    private Dictionary<Value, IReadOnlyList<TableGradient>> TablesOf(Value[] trainable, IReadOnlyDictionary<Value, Value> gradients)
    {
        var tables = new Dictionary<Value, IReadOnlyList<TableGradient>>();
        if (_options.AccumulationSteps > 1 || !(_options.LazyRows || _options.Optimizer.KeepsUntouchedRows))
            return tables;
        foreach (Value parameter in trainable)
        {
            if (TableGradient.PartsOf(gradients[parameter], parameter) is { } parts)
                tables.Add(parameter, parts);
        }

        return tables;
    }

    // Whole tables are computed, as any ONNX Runtime can, and taken where a row was read.
    private static void KeepOtherRows(GraphBuilder builder, OptimizerState state, Dictionary<string, Value> next, Dictionary<Value, IReadOnlyList<TableGradient>> tables)
    {
        foreach ((Value parameter, IReadOnlyList<TableGradient> parts) in tables)
        {
            Value touched = TableGradient.Touched(builder, parts, parameter);
            next[parameter.Name] = builder.Where(touched, next[parameter.Name], parameter);
            foreach (OptimizerState.Entry entry in state.Entries.Where(e => e.Parameter == parameter.Name))
                entry.Next = builder.Where(touched, entry.Next!, entry.State);
        }
    }

    private static GradientSpec Give(OnnxGraph graph, Value parameter, Value gradient, Value? rows)
    {
        TensorSpec given = TensorDescription.Of(ModelEmission.AddOutput(graph, gradient, graph.UniqueName($"{parameter.Name}.gradient"), rows is null ? parameter.Type! with { ElementType = gradient.ElementType } : gradient.Type));
        return new(parameter.Name, given)
        {
            Rows = rows is null ? null : TensorDescription.Of(ModelEmission.AddOutput(graph, rows, graph.UniqueName($"{parameter.Name}.gradient_rows"), rows.Type)),
        };
    }

    private GradientAccumulation? Accumulate(GraphBuilder builder, OptimizerState state, LossTerms terms, Value scores)
    {
        if (_options.AccumulationSteps == 1)
            return null;
        builder.NameStem = "accumulation";
        Value updateNow = builder.Graph.AddInput(_naming.UpdateNow, new TensorType(ElementType.Bool, Shape.Scalar));
        return new(builder, state, _options.AccumulationSteps, updateNow, terms.Weight, scores);
    }

    private string? ActivateDropout(OnnxModel model)
    {
        OnnxGraph graph = model.Graph;
        if (!_options.TrainingDropout)
        {
            // Dropout that was exported in training mode drops all the same.
            new IdentityElimination().Run(model);
            return new DropoutRewrite(_naming.Seed).Apply(model) ? _naming.Seed : null;
        }

        foreach (Node node in graph.Nodes.Where(n => n.Is("Dropout")).ToArray())
        {
            Value on = graph.AddInitializer(graph.UniqueName($"{node.DisplayName}/training_mode"), Tensor.Scalar(true));
            while (node.Inputs.Count < 3)
                graph.SetInput(node, node.Inputs.Count, null);
            graph.SetInput(node, 2, on);
        }

        return new DropoutRewrite(_naming.Seed).Apply(model) ? _naming.Seed : null;
    }

    private List<MetricSpec> Outputs(OnnxGraph graph, LossTerms terms, Value? norm)
    {
        var metrics = new List<MetricSpec>();
        LossOutputs.AddLoss(graph, terms, _naming);
        LossOutputs.AddCounts(graph, terms, _naming, metrics);
        if (norm is not null)
        {
            ModelEmission.AddOutput(graph, norm, _naming.GradientNorm, new TensorType(ElementType.Float32, Shape.Scalar));
            metrics.Add(new(new(_naming.GradientNorm, ElementType.Float32, []), "gradient_norm"));
        }

        return metrics;
    }

    private static StateSpec Describe(OptimizerState.Entry entry) => new(
        TensorDescription.Of(entry.State),
        ArtifactNaming.Next(entry.State.Name),
        entry.Parameter,
        entry.Slot,
        entry.InitialValue);
}
