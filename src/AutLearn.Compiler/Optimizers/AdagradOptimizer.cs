using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Optimizers;

/// <summary>Adagrad: gradient descent scaled by the sum of squared gradients.</summary>
/// <remarks>g = gradient + decay w; a' = a + g^2; w' = w - lr g / (sqrt(a') + eps). Duchi, Hazan and Singer, JMLR 12, 2011.</remarks>
public sealed class AdagradOptimizer : Optimizer
{
    /// <summary>Gets what the sums start at.</summary>
    /// <value>At least 0. The default is 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double InitialAccumulator
    {
        get;
        init => field = NonNegative(value, nameof(InitialAccumulator));
    }

    /// <summary>Gets what is added to the denominator.</summary>
    /// <value>Above 0. The default is 1e-10.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Epsilon
    {
        get;
        init => field = Positive(value, nameof(Epsilon));
    } = 1e-10;

    /// <inheritdoc/>
    public override OptimizerSpec Spec => new("adagrad") { Epsilon = Epsilon, WeightDecay = WeightDecay };

    internal override Value Update(OptimizerContext context)
    {
        GraphBuilder b = context.Builder;
        Value gradient = DecayedGradient(context);
        Value sum = context.State("sum", InitialAccumulator);
        Value next = b.Add(sum, b.Mul(gradient, gradient));
        context.SetNext(sum, next);
        return b.Sub(context.Parameter, b.Div(b.Mul(gradient, context.LearningRate), b.Add(b.Sqrt(next), b.Scalar(next, Epsilon))));
    }
}
