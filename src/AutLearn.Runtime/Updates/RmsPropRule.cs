using System.Numerics;
using System.Runtime.CompilerServices;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Updates;

/// <summary>d = g + decay w; s' = alpha s + (1 - alpha) d^2; w' = w - lr d / (sqrt(s') + eps)</summary>
internal readonly struct RmsPropRule(OptimizerSpec optimizer, float rate) : IUpdateRule
{
    private readonly Vector<float> _rate = new(rate);
    private readonly Vector<float> _alpha = new((float)optimizer.Beta2);
    private readonly Vector<float> _new = new((float)(1 - optimizer.Beta2));
    private readonly Vector<float> _epsilon = new((float)optimizer.Epsilon);
    private readonly Vector<float> _decay = new((float)optimizer.WeightDecay);
    private readonly float _least = optimizer.WeightDecay > 0 ? Tiny.DecayingParameter : Tiny.Parameter;

    public static int StateCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Next(Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second) =>
        Tiny.Drop(parameter - (Direction(parameter, gradient, ref first) * _rate), _least);

    /// <summary>Gets d / (sqrt(s') + eps).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector<float> Direction(Vector<float> parameter, Vector<float> gradient, ref Vector<float> square)
    {
        gradient += _decay * parameter;
        Vector<float> squared = Tiny.Drop(gradient, Tiny.Squared);
        square = Tiny.Drop((square * _alpha) + (squared * squared * _new), Tiny.Square);
        return gradient / (Vector.SquareRoot(square) + _epsilon);
    }
}
