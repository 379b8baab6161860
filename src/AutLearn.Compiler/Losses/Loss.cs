using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Losses;

/// <summary>A training loss: a scalar from scores and labels, together with its gradient by the scores.</summary>
/// <remarks>
/// A loss writes its own gradient instead of leaving it to reverse differentiation, which keeps the number of tensors of the scores' size low.
/// Immutable; safe for use by several threads.
/// </remarks>
public abstract class Loss
{
    private protected Loss()
    {
    }

    /// <summary>Gets the description that the manifest carries.</summary>
    public abstract LossSpec Spec { get; }

    /// <summary>Gets a value indicating whether the loss reads what stands before a final Softmax, LogSoftmax or Sigmoid.</summary>
    internal abstract bool ReadsLogits { get; }

    /// <summary>Gets the labels' type for scores of a type.</summary>
    /// <exception cref="InvalidModelException">The scores have a type that the loss cannot read.</exception>
    internal abstract TensorType LabelsFor(Value scores);

    /// <summary>Appends the loss, its gradient and its metrics. Scores of half precision are read in Float32: their type ends at 65,504, and counts from 2,048 on.</summary>
    internal LossTerms Build(GraphBuilder builder, Value scores, Value labels)
    {
        builder.NameStem = "loss";
        return BuildWide(builder, builder.Widened(scores), builder.Widened(labels));
    }

    /// <summary>Appends the same for scores of single or double precision.</summary>
    private protected abstract LossTerms BuildWide(GraphBuilder builder, Value scores, Value labels);

    private protected TensorType RequireScores(Value scores)
    {
        if (scores.Type is not { Shape: { } shape } type || !type.ElementType.IsFloatingPoint() || shape.Rank < 1)
            throw new InvalidModelException($"The scores '{scores.Name}' are {scores.Type?.ToString() ?? "of unknown type"}; a {Spec.Kind} loss needs floating-point scores of known rank with the batch first.");
        return type;
    }

    /// <summary>The number of elements of a value: Int64, in the type of another value, and its reciprocal.</summary>
    private protected static (Value Count, Value Weight, Value Reciprocal) CountOf(GraphBuilder builder, Value counted, Value like)
    {
        Value count = builder.Op("Size", [counted]);
        Value weight = builder.CastLike(count, like);
        return (count, weight, builder.Op("Reciprocal", [weight]));
    }
}
