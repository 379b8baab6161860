using System.Numerics;
using System.Runtime.CompilerServices;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Updates;

/// <summary>Adam, and AdamW, whose decay shrinks the parameter instead of joining the gradient.</summary>
/// <remarks>
/// m' = b1 m + (1 - b1) g; s' = b2 s + (1 - b2) g^2; w' = w - lr / (1 - b1^t) m' / (sqrt(s') / sqrt(1 - b2^t) + eps). In transformers' form of
/// AdamW the root's correction belongs to the rate, and the decay follows the step.
/// </remarks>
internal readonly struct AdamRule : IUpdateRule
{
    private readonly Vector<float> _beta1;
    private readonly Vector<float> _new1;
    private readonly Vector<float> _beta2;
    private readonly Vector<float> _new2;
    private readonly Vector<float> _rate;
    private readonly Vector<float> _perRoot;
    private readonly Vector<float> _epsilon;
    private readonly Vector<float> _kept;
    private readonly Vector<float> _keptAfter;
    private readonly Vector<float> _decay;
    private readonly float _least;

    /// <summary>Creates the rule of one step.</summary>
    /// <param name="optimizer">Adam or AdamW.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">The number of the step, from 1.</param>
    public AdamRule(OptimizerSpec optimizer, float rate, long step)
    {
        bool isDecoupled = optimizer.Kind == "adamw";
        _beta1 = new((float)optimizer.Beta1);
        _new1 = new((float)(1 - optimizer.Beta1));
        _beta2 = new((float)optimizer.Beta2);
        _new2 = new((float)(1 - optimizer.Beta2));
        float correction = optimizer.SkipsBiasCorrection ? 1 : (float)(1 - Math.Pow(optimizer.Beta1, step));
        float root = optimizer.SkipsBiasCorrection ? 1 : (float)Math.Sqrt(1 - Math.Pow(optimizer.Beta2, step));
        bool isEpsilonCorrected = optimizer.Form == AdamWForm.Torch;
        _rate = new((isEpsilonCorrected ? rate : rate * root) / correction);
        _perRoot = new(isEpsilonCorrected ? 1 / root : 1);
        _epsilon = new((float)optimizer.Epsilon);
        float kept = isDecoupled ? 1 - (rate * (float)optimizer.WeightDecay) : 1;
        _kept = new(isEpsilonCorrected ? kept : 1);
        _keptAfter = new(isEpsilonCorrected ? 1 : kept);
        _decay = new(isDecoupled ? 0 : (float)optimizer.WeightDecay);
        _least = optimizer.WeightDecay > 0 ? Tiny.DecayingParameter : Tiny.Parameter;
    }

    public static int StateCount => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Next(Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second)
    {
        gradient += _decay * parameter;
        Vector<float> squared = Tiny.Drop(gradient, Tiny.Squared);
        first = Tiny.Drop((first * _beta1) + (gradient * _new1), Tiny.Gradient);
        second = Tiny.Drop((second * _beta2) + (squared * squared * _new2), Tiny.Square);
        return Tiny.Drop(((parameter * _kept) - (first * _rate / ((Vector.SquareRoot(second) * _perRoot) + _epsilon))) * _keptAfter, _least);
    }
}
