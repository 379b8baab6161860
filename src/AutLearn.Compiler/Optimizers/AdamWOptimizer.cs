using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Optimizers;

/// <summary>Adam with decoupled weight decay.</summary>
/// <remarks>
/// w shrinks by lr decay w, before or after Adam's step with the plain gradient (<see cref="AdamWForm"/>). Loshchilov and Hutter, arXiv:1711.05101.
/// </remarks>
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

    /// <summary>Gets the order of the operations: when weights decay, and what epsilon is added to.</summary>
    /// <value>The default is PyTorch's.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is undefined.</exception>
    public AdamWForm Form
    {
        get;
        init => field = Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Form is a defined value.");
    }

    /// <summary>Gets a value indicating whether the means are taken as they are, without correcting that they begin at 0.</summary>
    /// <value>The default is false.</value>
    public bool SkipsBiasCorrection { get; init; }

    /// <inheritdoc/>
    public override OptimizerSpec Spec =>
        new("adamw") { Beta1 = Beta1, Beta2 = Beta2, Epsilon = Epsilon, WeightDecay = WeightDecay, Form = Form, SkipsBiasCorrection = SkipsBiasCorrection };

    internal override Value Update(OptimizerContext context) => Form == AdamWForm.Torch
        ? Step(context, Decayed(context, context.Parameter))
        : Decayed(context, Step(context, context.Parameter));

    private Value Step(OptimizerContext context, Value from) =>
        AdamOptimizer.Step(context, from, context.Gradient, Beta1, Beta2, () => Scale(context));

    private (Value Rate, Value Epsilon) Scale(OptimizerContext context)
    {
        if (!SkipsBiasCorrection && Form == AdamWForm.Torch)
            return context.Corrected(Beta1, Beta2, Epsilon);
        Value epsilon = context.Builder.Scalar(context.Parameter, Epsilon);
        if (!SkipsBiasCorrection)
            return (context.CorrectedRate(Beta1, Beta2), epsilon);
        context.CountSteps();
        return (context.LearningRate, epsilon);
    }

    // (1 - lr decay) w
    private Value Decayed(OptimizerContext context, Value weights)
    {
        GraphBuilder b = context.Builder;
        return WeightDecay == 0 ? weights : b.Mul(weights, b.Sub(b.One(weights), b.Mul(context.LearningRate, WeightDecay)));
    }
}
