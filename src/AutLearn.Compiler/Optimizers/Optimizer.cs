using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Optimizers;

/// <summary>An update rule: gradients and state to the next parameters and the next state, as operators in the step model.</summary>
/// <remarks>The learning rate is an input of the step model. Immutable; safe for use by several threads.</remarks>
public abstract class Optimizer
{
    private protected Optimizer()
    {
    }

    /// <summary>Gets the weight decay.</summary>
    /// <value>Finite and at least 0. The default is 0, but 0.01 for AdamW.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double WeightDecay
    {
        get;
        init => field = NonNegative(value, nameof(WeightDecay));
    }

    /// <summary>Gets the description that the manifest carries.</summary>
    public abstract OptimizerSpec Spec { get; }

    /// <summary>Gets whether numbers whose gradient is 0 stay as they are.</summary>
    internal virtual bool KeepsUntouchedRows => false;

    /// <summary>Tells how many small tensors of a rank make it worthwhile to join them for one update and to split what comes out.</summary>
    internal virtual int SmallestGroup(int rank) => 2;

    /// <summary>Appends the update of one parameter, or of several joined ones.</summary>
    /// <returns>The next parameter, in the type of the arithmetic.</returns>
    internal abstract Value Update(OptimizerContext context);

    private protected static double NonNegative(double value, string name) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is finite and at least 0.");

    private protected static double Positive(double value, string name) =>
        value > 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is finite and above 0.");

    private protected static double Decay(double value, string name) =>
        value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} lies in [0, 1).");

    // L2 regularisation: g + decay w
    private protected Value DecayedGradient(OptimizerContext c) =>
        WeightDecay == 0 ? c.Gradient : c.Builder.Add(c.Gradient, c.Builder.Mul(c.Parameter, WeightDecay));
}
