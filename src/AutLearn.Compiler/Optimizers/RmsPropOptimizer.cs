using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Optimizers;

/// <summary>RMSprop: gradient descent scaled by a running mean of squared gradients, with momentum if wanted.</summary>
/// <remarks>
/// g = gradient + decay w; s' = alpha s + (1 - alpha) g^2; d = g / (sqrt(s') + eps); with momentum b' = mu b + d takes the place of d; w' = w - lr d.
/// s and b start at 0. Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5, 2012.
/// </remarks>
public sealed class RmsPropOptimizer : Optimizer
{
    /// <summary>Gets the decay of the mean squared gradient; the manifest's <see cref="OptimizerSpec.Beta2"/>.</summary>
    /// <value>In [0, 1). The default is 0.99.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Alpha
    {
        get;
        init => field = Decay(value, nameof(Alpha));
    } = 0.99;

    /// <summary>Gets the momentum mu.</summary>
    /// <value>In [0, 1). The default is 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Momentum
    {
        get;
        init => field = Decay(value, nameof(Momentum));
    }

    /// <summary>Gets what is added to the denominator.</summary>
    /// <value>Above 0. The default is 1e-8.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Epsilon
    {
        get;
        init => field = Positive(value, nameof(Epsilon));
    } = 1e-8;

    /// <inheritdoc/>
    public override OptimizerSpec Spec => new("rmsprop") { Momentum = Momentum, Beta2 = Alpha, Epsilon = Epsilon, WeightDecay = WeightDecay };

    internal override Value Update(OptimizerContext context)
    {
        GraphBuilder b = context.Builder;
        Value gradient = DecayedGradient(context);
        Value square = context.State("square_avg");
        Value next = b.Add(b.Mul(square, Alpha), b.Mul(b.Mul(gradient, gradient), 1 - Alpha));
        context.SetNext(square, next);
        Value direction = b.Div(gradient, b.Add(b.Sqrt(next), b.Scalar(next, Epsilon)));
        if (Momentum > 0)
        {
            Value velocity = context.State("momentum");
            direction = b.Add(b.Mul(velocity, Momentum), direction);
            context.SetNext(velocity, direction);
        }

        return b.Sub(context.Parameter, b.Mul(direction, context.LearningRate));
    }
}
