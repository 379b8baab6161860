using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Losses;

/// <summary>Huber's loss: squared for small differences of predictions and labels of the same shape, linear for large ones.</summary>
/// <remarks>
/// With d = z - y and c = clip(d, -delta, delta): l = c (d - c / 2), which is d^2 / 2 inside and delta (|d| - delta / 2) outside; dl/dz = c.
/// Each is averaged over all elements. Huber, Annals of Mathematical Statistics 35(1), 1964.
/// </remarks>
public sealed class HuberLoss : Loss
{
    /// <summary>Gets the difference at which the loss turns linear.</summary>
    /// <value>Finite and above 0. The default is 1.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Delta
    {
        get;
        init => field = value > 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Delta is finite and above 0.");
    } = 1;

    /// <inheritdoc/>
    public override LossSpec Spec => new("huber") { Delta = Delta };

    internal override bool ReadsLogits => false;

    internal override TensorType LabelsFor(Value scores) => RequireScores(scores);

    private protected override LossTerms BuildWide(GraphBuilder builder, Value scores, Value labels)
    {
        (Value count, Value weight, Value reciprocal) = CountOf(builder, labels, scores);
        Value difference = builder.Sub(scores, labels);
        Value clipped = builder.Op("Clip", [difference, builder.Scalar(scores, -Delta), builder.Scalar(scores, Delta)]);
        Value terms = builder.Mul(clipped, builder.Sub(difference, builder.Mul(clipped, 0.5)));
        Value loss = builder.Op("ReduceMean", [terms], ("keepdims", AttributeValue.Of(0L)));
        return new(loss, builder.Mul(clipped, reciprocal), weight, count, null, null);
    }
}
