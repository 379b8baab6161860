using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Losses;

/// <summary>The mean absolute difference of predictions and labels of the same shape.</summary>
/// <remarks>l = |z - y|, dl/dz = sign(z - y), 0 at 0, each averaged over all elements. Laplace, Theorie analytique des probabilites, 1820, supplement 2.</remarks>
public sealed class L1Loss : Loss
{
    /// <inheritdoc/>
    public override LossSpec Spec => new("l1");

    internal override bool ReadsLogits => false;

    internal override TensorType LabelsFor(Value scores) => RequireScores(scores);

    private protected override LossTerms BuildWide(GraphBuilder builder, Value scores, Value labels)
    {
        (Value count, Value weight, Value reciprocal) = CountOf(builder, labels, scores);
        Value difference = builder.Sub(scores, labels);
        Value loss = builder.Op("ReduceMean", [builder.Op("Abs", [difference])], ("keepdims", AttributeValue.Of(0L)));
        return new(loss, builder.Mul(builder.Op("Sign", [difference]), reciprocal), weight, count, null, null);
    }
}
