using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Optimizers;

/// <summary>Stochastic gradient descent, with momentum if wanted.</summary>
/// <remarks>
/// g = gradient + decay w; without momentum w' = w - lr g. With momentum v' = mu v + g and w' = w - lr v', or w - lr (g + mu v') for Nesterov's.
/// v starts at 0. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
/// </remarks>
public sealed class SgdOptimizer : Optimizer
{
    /// <summary>Gets the momentum mu.</summary>
    /// <value>In [0, 1). The default is 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double Momentum
    {
        get;
        init => field = Decay(value, nameof(Momentum));
    }

    /// <summary>Gets a value indicating whether the momentum is Nesterov's; without momentum it changes nothing.</summary>
    public bool IsNesterov { get; init; }

    /// <inheritdoc/>
    public override OptimizerSpec Spec => new("sgd") { Momentum = Momentum, IsNesterov = IsNesterov && Momentum > 0, WeightDecay = WeightDecay };

    internal override bool KeepsUntouchedRows => Momentum == 0 && WeightDecay == 0;

    // Plain descent is part of the product that a matrix's gradient is; for the rest it is two nodes, with momentum four.
    internal override int SmallestGroup(int rank) => Momentum == 0 && rank > 1 ? int.MaxValue : 4;

    internal override Value Update(OptimizerContext context)
    {
        GraphBuilder b = context.Builder;
        if (Momentum == 0)
        {
            // (1 - lr decay) w - lr g is the same sum and lets the gradient product add to the decayed weights at once.
            Value kept = WeightDecay == 0
                ? context.Parameter
                : b.Mul(context.Parameter, b.Sub(b.One(context.Parameter), b.Mul(context.LearningRate, WeightDecay)));
            return b.Sub(kept, b.Mul(context.Gradient, context.LearningRate));
        }

        Value velocity = context.State("momentum");
        Value next = b.Add(b.Mul(velocity, Momentum), context.Gradient);
        if (WeightDecay > 0)
            next = b.Add(next, b.Mul(context.Parameter, WeightDecay));
        context.SetNext(velocity, next);
        Value direction = IsNesterov ? b.Add(DecayedGradient(context), b.Mul(next, Momentum)) : next;
        return b.Sub(context.Parameter, b.Mul(direction, context.LearningRate));
    }
}
