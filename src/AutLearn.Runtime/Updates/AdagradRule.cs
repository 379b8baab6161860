using System.Numerics;
using System.Runtime.CompilerServices;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Updates;

/// <summary>d = g + decay w; a' = a + d^2; w' = w - lr d / (sqrt(a') + eps)</summary>
internal readonly struct AdagradRule(OptimizerSpec optimizer, float rate) : IUpdateRule
{
    private readonly Vector<float> _rate = new(rate);
    private readonly Vector<float> _epsilon = new((float)optimizer.Epsilon);
    private readonly Vector<float> _decay = new((float)optimizer.WeightDecay);
    private readonly float _least = optimizer.WeightDecay > 0 ? Tiny.DecayingParameter : Tiny.Parameter;

    public static int StateCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Next(Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second)
    {
        gradient += _decay * parameter;
        Vector<float> squared = Tiny.Drop(gradient, Tiny.Squared);
        first = Tiny.Drop(first + (squared * squared), Tiny.Square);
        return Tiny.Drop(parameter - (gradient * _rate / (Vector.SquareRoot(first) + _epsilon)), _least);
    }
}
