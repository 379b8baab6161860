using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Losses;

/// <summary>Binary cross-entropy of independent yes-or-no scores, averaged over all of them.</summary>
/// <remarks>
/// Scores and labels have the same shape; labels are floating-point in [0, 1].
/// l = max(z, 0) - z y + log(1 + exp(-|z|)), which never overflows and takes an infinite score, a mask's, for the largest number;
/// dl/dz = sigmoid(z) - y. Each is divided by the number of scores.
/// A score counts as right where z > 0 agrees with y > 1/2. Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2.2.
/// </remarks>
public sealed class BinaryCrossEntropyWithLogitsLoss : Loss
{
    /// <inheritdoc/>
    public override LossSpec Spec => new("binary_cross_entropy_with_logits");

    internal override bool ReadsLogits => true;

    internal override TensorType LabelsFor(Value scores) => RequireScores(scores);

    private protected override LossTerms BuildWide(GraphBuilder builder, Value scores, Value labels)
    {
        (Value count, Value weight, Value reciprocal) = CountOf(builder, labels, scores);
        Value tail = builder.Log(builder.Add(builder.Exp(builder.Neg(builder.Op("Abs", [scores]))), builder.One(scores)));
        Value finite = builder.Op("Clip", [scores, builder.Scalar(scores, -LargestOf(scores)), builder.Scalar(scores, LargestOf(scores))]);
        Value terms = builder.Add(builder.Sub(builder.Op("Relu", [finite]), builder.Mul(finite, labels)), tail);
        Value loss = builder.Op("ReduceMean", [terms], ("keepdims", AttributeValue.Of(0L)));
        Value gradient = builder.Mul(builder.Sub(builder.Op("Sigmoid", [scores]), labels), reciprocal);
        Value right = builder.Equal(
            builder.Greater(scores, builder.Zero(scores)),
            builder.Greater(labels, builder.Scalar(labels, 0.5)));
        Value correct = builder.Op("ReduceSum", [builder.Cast(right, ElementType.Int64)], ("keepdims", AttributeValue.Of(0L)));
        return new(loss, gradient, weight, count, correct, right);
    }

    private static double LargestOf(Value scores) => scores.ElementType == ElementType.Float64 ? double.MaxValue : float.MaxValue;
}
