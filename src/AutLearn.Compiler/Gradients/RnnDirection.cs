using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>One direction of an RNN.</summary>
/// <remarks>Elman 1990.</remarks>
internal sealed class RnnDirection : RecurrentDirection
{
    private readonly RecurrentActivation _f;
    private Value? _h;
    private Value? _y;

    public RnnDirection(RecurrentLayer layer, int index, RecurrentActivation[] activations)
        : base(layer, index) => _f = activations[index];

    // h' = F(x W^T + h R^T + b)
    public override Value[] Forward()
    {
        (Value? inputBias, Value? recurrentBias) = Layer.Biases(Index);
        Value gates = Layer.GateInputs(Index, inputBias is null ? null : B.Add(inputBias, recurrentBias!));
        Value recurrent = B.Transpose(Layer.Part(2, Index), 1, 0);
        var loop = new ScanLoop(B, $"forward{Index}");
        GraphBuilder s = loop.Body;
        Value h = loop.State(Layer.InitialState(5, Index));
        Value y = _f.Apply(s, s.Op("Gemm", [h, recurrent, loop.Sequence(gates)]));
        Value next = Layer.Live is { } live ? s.Where(loop.Sequence(live), y, h) : s.Op("Identity", [y]);
        Value[] o = loop.Run(IsReverse, [next], [y, s.Op("Identity", [h])]);
        (_y, _h) = (o[1], o[2]);
        return [Masked(_y), o[0]];
    }

    // da = dh F'; back to the step before da R
    public override Value?[] Backward(Value? dy, Value? dh, Value? dc)
    {
        Value recurrent = Layer.Part(2, Index);
        Value slope = Masked(_f.Derivative(B, _y!));
        var loop = new ScanLoop(B, $"backward{Index}");
        GraphBuilder s = loop.Body;
        Value now = loop.State(dh ?? Layer.ZeroState());
        if (dy is not null)
            now = s.Add(now, loop.Sequence(Masked(dy)));
        Value da = s.Mul(now, loop.Sequence(slope));
        Value before = s.MatMul(da, recurrent);
        if (Layer.Mask is { } mask)
            before = s.Add(before, s.Mul(now, loop.Sequence(B.Sub(B.One(mask), mask))));
        Value[] o = loop.Run(!IsReverse, [before], [da]);

        var result = new Value?[6];
        result[5] = o[0];
        Value flat = Layer.Flatten(o[1], Layer.Hidden);
        Layer.InputGradients(result, Index, flat, flat);
        if (G.NeedsGradient(2))
            result[2] = Layer.OuterProduct(flat, Layer.Flatten(_h!, Layer.Hidden));
        return result;
    }
}
