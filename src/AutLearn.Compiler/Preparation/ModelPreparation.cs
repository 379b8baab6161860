using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Passes;
using AutLearn.Graph;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Versions;

namespace AutLearn.Compiler.Preparation;

/// <summary>Brings a model into the form that the rest of the compiler works on.</summary>
internal static class ModelPreparation
{
    /// <summary>Copies and normalises a model.</summary>
    /// <exception cref="AutLearnException">The model or the selection does not fit.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PreparedModel Prepare(OnnxModel source, CompileOptions options, CancellationToken cancellationToken = default)
    {
        OnnxModel model = source.Clone();
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        OpsetUpgrade.Apply(model, cancellationToken);
        new FunctionInlining().Run(model, cancellationToken);
        new ConstantNodeLifting().Run(model, cancellationToken);
        new ZipMapElimination().Run(model, cancellationToken);

        // The scores become the last output, so that they survive every rewrite that keeps outputs.
        new FixedInputs(options.FixedInputs).Apply(model);
        new BranchInlining().Run(model, cancellationToken);
        string batch = BatchDimension.Resolve(model, cancellationToken);
        int outputCount = graph.Outputs.Count;
        (Value read, Loss loss, IReadOnlyList<Value> taskScores) = options.Loss is MultiTaskLoss tasks
            ? TaskScores.Join(model, batch, tasks)
            : (ScoresSearch.Find(graph, options.LogitsName, options.Loss), options.Loss, []);
        graph.AddOutput(BatchFirst.AxisOf(read, batch) is { } axis ? BatchFirst.Turned(model, read, axis) : read);

        // Before anything is folded: what is trained must still be there under its own name.
        graph.SortTopologically();
        IReadOnlyList<Value> trainable = loss is MultiTaskLoss several
            ? TaskScores.Select(graph, several, taskScores, options.Trainable, options.Adapter is not null)
            : ParameterCatalog.Of(graph, graph.Outputs[^1]).Select(options.Trainable);
        var initial = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        AdapterInsertion? adapters = null;
        if (options.Adapter is { } adapter)
        {
            adapters = new AdapterInsertion(model, adapter, cancellationToken);
            adapters.Apply(graph.Outputs[^1]);
            trainable = [.. trainable, .. adapters.Parameters];
        }

        trainable = [.. trainable.Select(p => MakeParameter(graph, DequantizedConstant.Fold(p), initial))];
        new TransposedWeights().Run(model, cancellationToken);
        new PassSequence(new ConstantFolding(), new SequenceElimination(), new BranchSelection(), new DeadNodeElimination()).Run(model, cancellationToken);
        new ShapeArithmeticElimination().Run(model, cancellationToken);
        graph.SortTopologically();
        HashSet<Node> head = HeadOf(graph, trainable);
        if (graph.Outputs[^1].Producer is not { } producer || !head.Contains(producer))
            throw new AutLearnException($"None of the trainable parameters ({string.Join(", ", trainable.Take(5).Select(t => $"'{t.Name}'"))}) influences '{graph.Outputs[^1].Name}', which the loss reads.");
        List<string> buffers = options.BatchNormalization == NormalizationStatistics.Training ? MakeBuffers(graph, head, initial) : [];

        HashSet<Node> kept = [.. head.Where(n => n.Is("Dropout"))];
        new IdentityElimination(kept).Run(model, cancellationToken);
        new BatchNormalizationFolding(buffers.Count > 0 ? head : null).Run(model, cancellationToken);
        PassSequence.Simplify().Run(model, cancellationToken);
        graph.SortTopologically();
        ShapeInference.Infer(model, DeclaredShapes.Hints, cancellationToken);

        Value scores = graph.Outputs[^1];
        RequireBatch(scores, batch);
        foreach (Value output in graph.Outputs)
            OpenSizes.Name(output);
        var parameters = new HashSet<string>(initial.Keys, StringComparer.Ordinal);
        return new(
            model,
            batch,
            [.. graph.Inputs.Select(i => i.Name).Where(n => !parameters.Contains(n))],
            [.. graph.Outputs.Take(outputCount).Select(o => o.Name)],
            scores.Name,
            [.. trainable.Select(t => t.Name)],
            [.. buffers],
            initial.ToImmutableSortedDictionary(StringComparer.Ordinal),
            graph.Initializers.Where(v => v.ElementType.IsFloatingPoint()).Sum(v => v.Initializer!.Count),
            [.. adapters?.Specs ?? []],
            loss);
    }

    /// <summary>Gets every node that depends on one of the values.</summary>
    public static HashSet<Node> HeadOf(OnnxGraph graph, IEnumerable<Value> values)
    {
        var dependent = new HashSet<Value>(values);
        var head = new HashSet<Node>();
        foreach (Node node in graph.Nodes)
        {
            if (!NodeReads.Of(node).Any(dependent.Contains))
                continue;
            head.Add(node);
            dependent.UnionWith(node.Outputs.OfType<Value>());
        }

        return head;
    }

    private static Value MakeParameter(OnnxGraph graph, Value value, Dictionary<string, Tensor> initial)
    {
        initial.Add(value.Name, value.Initializer!);
        graph.MakeInput(value);
        return value;
    }

    private static List<string> MakeBuffers(OnnxGraph graph, HashSet<Node> head, Dictionary<string, Tensor> initial)
    {
        var buffers = new List<string>();
        foreach (Node node in graph.Nodes.Where(n => n.Is("BatchNormalization") && head.Contains(n)))
        {
            for (int i = 3; i <= 4; i++)
            {
                if (node.Input(i) is not { IsConstant: true } statistic || !statistic.ElementType.IsFloatingPoint())
                    throw new InvalidModelException($"Batch normalisation '{node.DisplayName}' computes its running statistics or shares them with another one, or they are no numbers; they cannot be trained.") { NodeName = node.DisplayName };
                if (statistic.Uses.Count > 1)
                {
                    // Exporters share equal constants; each normalisation follows its own statistics from here on.
                    Value own = graph.AddInitializer(graph.UniqueName($"{node.DisplayName}.{(i == 3 ? "running_mean" : "running_var")}"), statistic.Initializer!);
                    graph.SetInput(node, i, own);
                    statistic = own;
                }

                buffers.Add(statistic.Name);
                MakeParameter(graph, statistic, initial);
            }
        }

        return buffers;
    }

    private static void RequireBatch(Value scores, string batch)
    {
        if (scores.Shape is not { Rank: > 0 } shape)
            throw new InvalidModelException($"The shape of '{scores.Name}', which the loss reads, cannot be inferred. Declare the shapes of the model's inputs.");
        if (shape[0].IsKnown || (shape[0].Symbol is { } symbol && symbol != batch))
            throw new InvalidModelException($"The first dimension of '{scores.Name}' {shape}, which the loss reads, is not the batch '{batch}'.");
        if (shape[0].Symbol is null)
            scores.Type = scores.Type! with { Shape = shape.With(0, batch) };
    }
}
