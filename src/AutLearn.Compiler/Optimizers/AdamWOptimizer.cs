using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Optimizers;

/// <summary>Adam with decoupled weight decay.</summary>
/// <remarks>w shrinks by lr decay w first; then Adam's step with the plain gradient follows. Loshchilov and Hutter, arXiv:1711.05101.</remarks>
public sealed class AdamWOptimizer : Optimizer
{
    /// <summary>Creates the optimizer with a weight decay of 0.01.</summary>
    public AdamWOptimizer() => WeightDecay = 0.01;

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
    public override OptimizerSpec Spec => new("adamw") { Beta1 = Beta1, Beta2 = Beta2, Epsilon = Epsilon, WeightDecay = WeightDecay };

    internal override Value Update(OptimizerContext context)
    {
        GraphBuilder b = context.Builder;
        Value decayed = WeightDecay == 0
            ? context.Parameter
            : b.Mul(context.Parameter, b.Sub(b.One(context.Parameter), b.Mul(context.LearningRate, WeightDecay)));
        return AdamOptimizer.Step(context, decayed, context.Gradient, Beta1, Beta2, Epsilon);
    }
}
