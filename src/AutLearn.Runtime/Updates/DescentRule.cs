using System.Numerics;
using System.Runtime.CompilerServices;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Updates;

/// <summary>w' = (1 - lr decay) w - lr g</summary>
internal readonly struct DescentRule(OptimizerSpec optimizer, float rate) : IUpdateRule
{
    private readonly Vector<float> _rate = new(rate);
    private readonly Vector<float> _kept = new(1 - (rate * (float)optimizer.WeightDecay));
    private readonly float _least = optimizer.WeightDecay > 0 ? Tiny.DecayingParameter : Tiny.Parameter;

    public static int StateCount => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Next(Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second) =>
        Tiny.Drop((parameter * _kept) - (gradient * _rate), _least);
}
