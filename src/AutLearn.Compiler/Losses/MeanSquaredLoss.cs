using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Losses;

/// <summary>The mean squared difference of predictions and labels of the same shape.</summary>
/// <remarks>l = (z - y)^2, dl/dz = 2 (z - y), each averaged over all elements. Legendre, Nouvelles methodes, 1805, appendix.</remarks>
public sealed class MeanSquaredLoss : Loss
{
    /// <inheritdoc/>
    public override LossSpec Spec => new("mean_squared");

    internal override bool ReadsLogits => false;

    internal override TensorType LabelsFor(Value scores) => RequireScores(scores);

    private protected override LossTerms BuildWide(GraphBuilder builder, Value scores, Value labels)
    {
        (Value count, Value weight, Value reciprocal) = CountOf(builder, labels, scores);
        Value difference = builder.Sub(scores, labels);
        Value loss = builder.Op("ReduceMean", [builder.Mul(difference, difference)], ("keepdims", AttributeValue.Of(0L)));
        return new(loss, builder.Mul(difference, builder.Mul(reciprocal, 2)), weight, count, null, null);
    }
}
