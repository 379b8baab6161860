using System.Numerics;
using System.Runtime.CompilerServices;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Updates;

/// <summary>d = g + decay w; v' = mu v + d; w' = w - lr v', or w - lr (d + mu v') for Nesterov's.</summary>
internal readonly struct MomentumRule(OptimizerSpec optimizer, float rate) : IUpdateRule
{
    private readonly Vector<float> _rate = new(rate);
    private readonly Vector<float> _momentum = new((float)optimizer.Momentum);
    private readonly Vector<float> _decay = new((float)optimizer.WeightDecay);
    private readonly bool _isNesterov = optimizer.IsNesterov;
    private readonly float _least = optimizer.WeightDecay > 0 ? Tiny.DecayingParameter : Tiny.Parameter;

    public static int StateCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Next(Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second)
    {
        gradient += _decay * parameter;
        first = Tiny.Drop((first * _momentum) + gradient, Tiny.Gradient);
        Vector<float> direction = _isNesterov ? gradient + (first * _momentum) : first;
        return Tiny.Drop(parameter - (direction * _rate), _least);
    }
}
