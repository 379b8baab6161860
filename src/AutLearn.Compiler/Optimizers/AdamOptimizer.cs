using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Optimizers;

/// <summary>Adam: gradient descent scaled by running means of the gradient and its square.</summary>
/// <remarks>
/// g = gradient + decay w; m' = b1 m + (1 - b1) g; s' = b2 s + (1 - b2) g^2; w' = w - lr / (1 - b1^t) m' / (sqrt(s') / sqrt(1 - b2^t) + eps).
/// m and s start at 0, t counts steps from 1. Kingma and Ba, arXiv:1412.6980.
/// </remarks>
public sealed class AdamOptimizer : Optimizer
{
    /// <summary>Gets the decay of the mean gradient.</summary>
    /// <value>In [0, 1). The default is 0.9.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Beta1
    {
        get;
        init => field = Decay(value, nameof(Beta1));
    } = 0.9;

    /// <summary>Gets the decay of the mean squared gradient.</summary>
    /// <value>In [0, 1). The default is 0.999.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Beta2
    {
        get;
        init => field = Decay(value, nameof(Beta2));
    } = 0.999;

    /// <summary>Gets what is added to the denominator.</summary>
    /// <value>Above 0. The default is 1e-8.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Epsilon
    {
        get;
        init => field = Positive(value, nameof(Epsilon));
    } = 1e-8;

    /// <inheritdoc/>
    public override OptimizerSpec Spec => new("adam") { Beta1 = Beta1, Beta2 = Beta2, Epsilon = Epsilon, WeightDecay = WeightDecay };

    internal override Value Update(OptimizerContext context) =>
        Step(context, context.Parameter, DecayedGradient(context), Beta1, Beta2, () => context.Corrected(Beta1, Beta2, Epsilon));

    /// <summary>Appends from - rate m' / (sqrt(s') + epsilon).</summary>
    internal static Value Step(OptimizerContext context, Value from, Value gradient, double beta1, double beta2, Func<(Value Rate, Value Epsilon)> scale)
    {
        GraphBuilder b = context.Builder;
        Value mean = context.State("exp_avg");
        Value square = context.State("exp_avg_sq");

        // With h = (1 - b1) g, which is one walk or part of the product that g is: m' = b1 m + h, s' = b2 s + (1 - b2) / (1 - b1)^2 h^2.
        Value share = b.Mul(gradient, 1 - beta1);
        Value nextMean = b.Add(b.Mul(mean, beta1), share);
        Value nextSquare = b.Add(b.Mul(square, beta2), b.Mul(b.Mul(share, share), (1 - beta2) / ((1 - beta1) * (1 - beta1))));
        context.SetNext(mean, nextMean);
        context.SetNext(square, nextSquare);

        // States come first, in the order in which the manifest lists them.
        (Value rate, Value epsilon) = scale();
        return b.Sub(from, b.Div(b.Mul(nextMean, rate), b.Add(b.Sqrt(nextSquare), epsilon)));
    }
}
