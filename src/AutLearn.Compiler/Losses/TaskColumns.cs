using AutLearn.Graph;

namespace AutLearn.Compiler.Losses;

/// <summary>Where a task's numbers stand in the joined scores and labels.</summary>
/// <param name="Scores">The task's scores: a floating-point type, and a shape that is known but for the batch.</param>
/// <param name="Labels">The task's labels, likewise.</param>
/// <param name="FirstScore">The first of the task's columns in the joined scores.</param>
/// <param name="FirstLabel">The first of the task's columns in the joined labels.</param>
internal sealed record TaskColumns(TensorType Scores, TensorType Labels, long FirstScore, long FirstLabel)
{
    /// <summary>Gets the columns that the scores take.</summary>
    public long ScoreCount => CountOf(Scores);

    /// <summary>Gets the columns that the labels take.</summary>
    public long LabelCount => CountOf(Labels);

    /// <summary>Gets the number of classes, where labels number them; null for other labels.</summary>
    public long? Classes => Labels.ElementType.IsFloatingPoint() ? null : Scores.Shape![Scores.Shape.Rank - 1].Size;

    private static long CountOf(TensorType type) => type.Shape!.Skip(1).Aggregate(1L, (n, d) => checked(n * d.Size));
}
