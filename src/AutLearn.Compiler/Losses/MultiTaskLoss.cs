using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Losses;

/// <summary>Several losses on several outputs of one model, added with weights (multi-task learning: Caruana 1997, Machine Learning 28).</summary>
/// <remarks>
/// L = sum over tasks of weight x loss, each loss averaged over its own labels. The labels of all tasks stand side by side in one Float32 tensor
/// [N, K], in the order of the tasks: a class as its number, other labels as they are, a task's labels of more than one number row-major.
/// <see cref="LossSpec.Tasks"/> in the manifest tells the columns. Classes of up to 2^24 are exact in Float32.
/// The tasks' scores must have sizes that are known but for the batch. What is counted as correct is the sum over the tasks, where all of them
/// know right from wrong; otherwise nothing is.
/// </remarks>
public sealed class MultiTaskLoss : Loss
{
    // Beyond, Float32 skips whole numbers.
    private const long MostClasses = 1 << 24;

    private readonly ImmutableArray<TaskColumns> _columns = [];

    /// <summary>Creates the loss.</summary>
    /// <param name="tasks">At least one; no two read the same output.</param>
    /// <exception cref="ArgumentException">There is no task, or two read the same output.</exception>
    public MultiTaskLoss(params ReadOnlySpan<TaskLoss> tasks)
    {
        Tasks = [.. tasks];
        if (Tasks.IsEmpty)
            throw new ArgumentException("There is no task.", nameof(tasks));
        if (Tasks.GroupBy(t => t.Output).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Two tasks read the output '{twice.Key}'.", nameof(tasks));
    }

    private MultiTaskLoss(MultiTaskLoss loss, ImmutableArray<TaskColumns> columns)
    {
        Tasks = loss.Tasks;
        _columns = columns;
    }

    /// <summary>Gets the tasks, in the order of their labels.</summary>
    public ImmutableArray<TaskLoss> Tasks { get; }

    /// <inheritdoc/>
    public override LossSpec Spec => new("multi_task") { Tasks = [.. Tasks.Select(Describe)] };

    internal override bool ReadsLogits => Tasks.Any(t => t.Loss.ReadsLogits);

    /// <summary>Gets whether a task leaves labels out or weighs them, so that calls cannot be weighed by their rows.</summary>
    internal bool WeighsLabels => Tasks.Any(t => t.Loss.Spec is { IgnoreIndex: not null } or { ClassWeights.IsEmpty: false });

    /// <summary>Settles where each task's numbers stand.</summary>
    /// <param name="scores">What each task reads, in the order of the tasks.</param>
    /// <exception cref="InvalidModelException">Scores do not fit their loss, or have sizes that are not known.</exception>
    internal MultiTaskLoss Over(IReadOnlyList<Value> scores)
    {
        var columns = ImmutableArray.CreateBuilder<TaskColumns>(Tasks.Length);
        long firstScore = 0, firstLabel = 0;
        for (int i = 0; i < Tasks.Length; i++)
        {
            TensorType labels = Tasks[i].Loss.LabelsFor(scores[i]);
            if (scores[i].Shape!.Skip(1).Any(d => !d.IsKnown))
                throw new InvalidModelException($"The scores '{scores[i].Name}' of task '{Tasks[i].Output}' have shape {scores[i].Shape}; several losses need sizes that are known but for the batch. Fix them in the model.");
            var own = new TaskColumns(scores[i].Type!, labels, firstScore, firstLabel);
            if (own.Classes > MostClasses)
                throw new InvalidModelException($"The task '{Tasks[i].Output}' has more than {MostClasses} classes, which labels beside other tasks' cannot number.");
            columns.Add(own);
            (firstScore, firstLabel) = (firstScore + own.ScoreCount, firstLabel + own.LabelCount);
        }

        return new(this, columns.MoveToImmutable());
    }

    internal override TensorType LabelsFor(Value scores) =>
        new(ElementType.Float32, new Shape(RequireScores(scores).Shape![0], Dimension.Of(_columns.Sum(c => c.LabelCount))));

    private protected override LossTerms BuildWide(GraphBuilder builder, Value scores, Value labels)
    {
        LossTerms[] terms = [.. Tasks.Select((t, i) => BuildTask(builder, t, _columns[i], scores, labels))];
        Value loss = Sum(builder, [.. terms.Select((t, i) => builder.Mul(builder.CastLike(t.Loss, scores), Tasks[i].Weight))]);
        Value[] gradients = [.. terms.Select((t, i) => Flat(builder, builder.Mul(builder.CastLike(t.ScoresGradient, scores), Tasks[i].Weight), _columns[i].ScoreCount))];
        bool areAllCounted = terms.All(t => t.CorrectCount is not null);
        Value rows = builder.CastLike(builder.Op("Squeeze", [builder.SizeOf(scores, 0)]), scores);
        return new(
            loss,
            Join(builder, gradients),
            rows,
            Sum(builder, [.. terms.Select(t => t.LabelCount)]),
            areAllCounted ? Sum(builder, [.. terms.Select(t => t.CorrectCount!)]) : null,
            areAllCounted ? Join(builder, [.. terms.Select((t, i) => Flat(builder, t.CorrectRows!, _columns[i].LabelCount))]) : null);
    }

    private static LossTerms BuildTask(GraphBuilder builder, TaskLoss task, TaskColumns columns, Value scores, Value labels) => task.Loss.Build(
        builder,
        Part(builder, scores, columns.FirstScore, columns.ScoreCount, columns.Scores with { ElementType = scores.ElementType }),
        Part(builder, labels, columns.FirstLabel, columns.LabelCount, columns.Labels.ElementType.IsFloatingPoint() ? columns.Labels with { ElementType = scores.ElementType } : columns.Labels));

    private static Value Part(GraphBuilder builder, Value joined, long first, long count, TensorType type)
    {
        Value part = builder.Op("Slice", [joined, builder.Ints(first), builder.Ints(first + count), builder.Ints(1)]);
        Value shaped = type.Shape!.Rank == 2 ? part : builder.Reshape(part, [-1, .. type.Shape.Skip(1).Select(d => d.Size)]);
        Value typed = builder.Cast(shaped, type.ElementType);
        typed.Type = type;
        return typed;
    }

    private static Value Flat(GraphBuilder builder, Value value, long count) => value.Shape is { Rank: 2 } ? value : builder.Reshape(value, -1, count);

    private static Value Join(GraphBuilder builder, Value[] parts) => parts.Length == 1 ? parts[0] : builder.Concat(1, parts);

    private static Value Sum(GraphBuilder builder, Value[] parts) => parts.Aggregate(builder.Add);

    private TaskSpec Describe(TaskLoss task, int index) => new(
        task.Output,
        task.Loss.Spec,
        task.Weight,
        _columns.IsEmpty ? 0 : (int)_columns[index].FirstLabel,
        _columns.IsEmpty ? 0 : checked((int)_columns[index].LabelCount),
        _columns.IsEmpty ? null : _columns[index].Classes);
}
