using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Puts the scores of several tasks side by side, so that everything after sees one tensor of scores.</summary>
internal static class TaskScores
{
    /// <summary>Joins what the tasks read into one value [N, K].</summary>
    /// <exception cref="AutLearnException">An output is unknown, or its scores do not fit its loss.</exception>
    public static (Value Scores, Loss Loss, IReadOnlyList<Value> Read) Join(OnnxModel model, string batch, MultiTaskLoss loss)
    {
        OnnxGraph graph = model.Graph;
        Value[] read = [.. loss.Tasks.Select(t => ScoresSearch.FindTask(graph, t.Output, t.Loss))];
        for (int i = 0; i < read.Length; i++)
        {
            if (BatchFirst.AxisOf(read[i], batch) is { } axis)
                read[i] = BatchFirst.Turned(model, read[i], axis);
            else if (read[i].Shape is not { Rank: > 0 } shape || shape[0].Symbol != batch)
                throw new InvalidModelException($"The output '{loss.Tasks[i].Output}' has shape {read[i].Shape?.ToString() ?? "unknown"}; the loss of a task reads scores of known rank with the batch '{batch}' first.");
        }

        MultiTaskLoss over = loss.Over(read);
        var builder = new GraphBuilder(graph, model.Opset) { NameStem = "tasks" };
        ElementType type = read.All(r => r.ElementType == read[0].ElementType) ? read[0].ElementType : ElementType.Float32;
        Value[] flat = [.. read.Select(r => Flat(builder, builder.Cast(r, type)))];
        Value joined = builder.Concat(1, flat);
        graph.Rename(joined, graph.UniqueName("task_scores"));
        return (joined, over, read);
    }

    /// <summary>Chooses what is trained: the last layers of each task, or what a selection names.</summary>
    /// <param name="graph">A sorted graph in which nothing was folded yet.</param>
    /// <param name="loss">The tasks.</param>
    /// <param name="read">What each of them reads.</param>
    /// <param name="selection">The selection.</param>
    /// <param name="hasAdapter">Whether adapters are trained besides.</param>
    /// <exception cref="AutLearnException">Nothing that is chosen influences a task.</exception>
    public static IReadOnlyList<Value> Select(OnnxGraph graph, MultiTaskLoss loss, IReadOnlyList<Value> read, TrainableSelection selection, bool hasAdapter)
    {
        IReadOnlyList<Value> chosen = selection.LayerCount > 0
            ? [.. read.SelectMany(r => ParameterCatalog.Of(graph, r).Select(selection)).Distinct()]
            : ParameterCatalog.Of(graph, read).Select(selection);
        for (int i = 0; i < read.Count && !hasAdapter; i++)
        {
            HashSet<Node> before = ParameterCatalog.AncestorsOf(read[i]);
            if (!chosen.Any(p => p.Producer is { } producer ? before.Contains(producer) : p.Uses.Any(u => before.Contains(u.Node))))
                throw new AutLearnException($"The task of output '{loss.Tasks[i].Output}' has nothing to learn with: none of the trainable parameters ({string.Join(", ", chosen.Take(5).Select(p => $"'{p.Name}'"))}) influences it. Select parameters before it, too, or leave the task out.");
        }

        return chosen;
    }

    private static Value Flat(GraphBuilder builder, Value scores) =>
        scores.Shape!.Rank == 2 ? scores : builder.Reshape(scores, -1, scores.Shape.Skip(1).Aggregate(1L, (n, d) => checked(n * d.Size)));
}
