using System.Numerics;
using System.Runtime.CompilerServices;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Updates;

/// <summary>RMSprop's direction, with b' = mu b + direction in its place; w' = w - lr b'.</summary>
internal readonly struct RmsPropMomentumRule(OptimizerSpec optimizer, float rate) : IUpdateRule
{
    private readonly RmsPropRule _rule = new(optimizer, rate);
    private readonly Vector<float> _rate = new(rate);
    private readonly Vector<float> _momentum = new((float)optimizer.Momentum);
    private readonly float _least = optimizer.WeightDecay > 0 ? Tiny.DecayingParameter : Tiny.Parameter;

    public static int StateCount => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Next(Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second)
    {
        second = Tiny.Drop((second * _momentum) + _rule.Direction(parameter, gradient, ref first), Tiny.Gradient);
        return Tiny.Drop(parameter - (second * _rate), _least);
    }
}
