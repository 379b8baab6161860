using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>One direction of a recurrent layer.</summary>
internal abstract class RecurrentDirection
{
    protected RecurrentDirection(RecurrentLayer layer, int index)
    {
        Layer = layer;
        Index = index;
    }

    protected RecurrentLayer Layer { get; }

    protected int Index { get; }

    protected bool IsReverse => Layer.IsReverse(Index);

    protected GradientContext G => Layer.Context;

    protected GraphBuilder B => Layer.Context.Builder;

    /// <summary>Computes the outputs, and keeps what <see cref="Backward"/> needs.</summary>
    /// <returns>y [T, N, hidden], then the final states [N, hidden].</returns>
    public abstract Value[] Forward();

    /// <summary>Computes the gradients of the inputs of this direction, in the node's order; null where none is wanted.</summary>
    /// <param name="dy">[T, N, hidden], or null.</param>
    /// <param name="dh">[N, hidden], or null.</param>
    /// <param name="dc">[N, hidden], or null.</param>
    public abstract Value?[] Backward(Value? dy, Value? dh, Value? dc);

    /// <summary>x within its sequence, 0 after its end.</summary>
    protected Value Masked(Value x) => Layer.Mask is { } mask ? B.Mul(x, mask) : x;

    /// <summary>x within its sequence, 1 after its end.</summary>
    protected Value MaskedToOne(Value x) => Layer.Mask is { } mask ? B.Add(B.Mul(x, mask), B.Sub(B.One(mask), mask)) : x;
}
