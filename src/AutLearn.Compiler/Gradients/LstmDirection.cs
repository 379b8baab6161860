using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>One direction of an LSTM.</summary>
/// <remarks>Hochreiter and Schmidhuber 1997; peepholes: Gers, Schraudolph and Schmidhuber 2002. Gates stand in ONNX's order i, o, f, c.</remarks>
internal sealed class LstmDirection : RecurrentDirection
{
    private readonly RecurrentActivation _f;
    private readonly RecurrentActivation _g;
    private readonly RecurrentActivation _h;
    private readonly bool _isCoupled;
    private readonly Value[]? _peepholes;
    private Kept? _kept;

    public LstmDirection(RecurrentLayer layer, int index, RecurrentActivation[] activations)
        : base(layer, index)
    {
        (_f, _g, _h) = (activations[3 * index], activations[(3 * index) + 1], activations[(3 * index) + 2]);
        _isCoupled = G.Node.GetInt("input_forget", 0) != 0;
        if (layer.OptionalPart(7, index) is { } p)
            _peepholes = RecurrentLayer.Split(B, p, 0, layer.Hidden, layer.Hidden, layer.Hidden);
    }

    // i, o, f = F(x W^T + h R^T + b), g = G(...); c' = f c + i g; h' = o H(c')
    // peepholes add P_i c and P_f c to the gates i and f, P_o c' to o; coupled gates have f = 1 - i
    public override Value[] Forward()
    {
        long n = Layer.Hidden;
        (Value? inputBias, Value? recurrentBias) = Layer.Biases(Index);
        Value gates = Layer.GateInputs(Index, inputBias is null ? null : B.Add(inputBias, recurrentBias!));
        Value recurrent = B.Transpose(Layer.Part(2, Index), 1, 0);
        bool joins = _peepholes is null && !_isCoupled;
        Value one = B.One(gates), sizes = joins ? B.Ints(3 * n, n) : B.Ints(n, n, n, n), three = B.Ints(n, n, n);

        var loop = new ScanLoop(B, $"forward{Index}");
        GraphBuilder s = loop.Body;
        Value h = loop.State(Layer.InitialState(5, Index)), c = loop.State(Layer.InitialState(6, Index));
        Value sum = s.Op("Gemm", [h, recurrent, loop.Sequence(gates)]);
        Value? live = Layer.Live is { } mask ? loop.Sequence(mask) : null;
        Value i, o, f, g, cNext;
        if (joins)
        {
            // Three gates in one go cost a third of the calls.
            Value[] parts = RecurrentLayer.Split(s, sum, sizes, 2, 1);
            Value[] iof = RecurrentLayer.Split(s, _f.Apply(s, parts[0]), three, 3, 1);
            (i, o, f, g) = (iof[0], iof[1], iof[2], _g.Apply(s, parts[1]));
            cNext = s.Add(s.Mul(f, c), s.Mul(i, g));
        }
        else
        {
            Value[] parts = RecurrentLayer.Split(s, sum, sizes, 4, 1);
            i = _f.Apply(s, WithPeephole(s, parts[0], c, 0));
            f = _isCoupled ? s.Sub(one, i) : _f.Apply(s, WithPeephole(s, parts[2], c, 2));
            g = _g.Apply(s, parts[3]);
            cNext = s.Add(s.Mul(f, c), s.Mul(i, g));
            o = _f.Apply(s, WithPeephole(s, parts[1], cNext, 1));
        }

        Value t = _h.Apply(s, cNext);
        Value hNext = s.Mul(o, t);
        List<Value> stacked = [i, o, f, g, t, s.Op("Identity", [h]), s.Op("Identity", [c])];
        if (_peepholes is not null)
            stacked.Add(s.Op("Identity", [cNext]));
        if (live is not null)
            (hNext, cNext) = (s.Where(live, hNext, h), s.Where(live, cNext, c));
        Value[] r = loop.Run(IsReverse, [hNext, cNext], [.. stacked]);
        _kept = new(r[2], r[3], r[4], r[5], r[6], r[7], r[8], _peepholes is null ? null : r[9]);
        return [Masked(B.Mul(_kept.O, _kept.T)), r[0], r[1]];
    }

    // With dh and dc the gradients of h' and c':
    // dc += dh o H'(c'), di = dc g F', do = dh H(c') F', df = dc c F', dg = dc i G'; back to the step before: dc f and (di, do, df, dg) R.
    // All factors but dh and dc are known for every step beforehand.
    public override Value?[] Backward(Value? dy, Value? dh, Value? dc)
    {
        Kept k = _kept!;
        long n = Layer.Hidden;
        Value cToH = Masked(B.Mul(k.O, _h.Derivative(B, k.T)));
        Value toI = B.Mul(_isCoupled ? B.Sub(k.G, k.C) : k.G, _f.Derivative(B, k.I));
        Value toO = Masked(B.Mul(k.T, _f.Derivative(B, k.O)));
        Value toF = _isCoupled ? G.ZerosLike(k.C) : B.Mul(k.C, _f.Derivative(B, k.F));
        Value toG = B.Mul(k.I, _g.Derivative(B, k.G));
        Value factors = Masked(B.Concat(2, toI, toO, toF, toG));
        Value four = B.Ints(n, n, n, n), recurrent = Layer.Part(2, Index);

        var loop = new ScanLoop(B, $"backward{Index}");
        GraphBuilder s = loop.Body;
        Value dhNow = loop.State(dh ?? Layer.ZeroState()), dcNow = loop.State(dc ?? Layer.ZeroState());
        if (dy is not null)
            dhNow = s.Add(dhNow, loop.Sequence(Masked(dy)));
        dcNow = s.Add(dcNow, s.Mul(dhNow, loop.Sequence(cToH)));
        if (_peepholes is not null)
            dcNow = s.Add(dcNow, s.Mul(s.Mul(dhNow, loop.Sequence(toO)), _peepholes[1]));
        Value dGates = s.Mul(s.Concat(1, dcNow, dhNow, dcNow, dcNow), loop.Sequence(factors));
        Value dcBefore = s.Mul(dcNow, loop.Sequence(MaskedToOne(k.F)));
        if (_peepholes is not null)
        {
            Value[] parts = RecurrentLayer.Split(s, dGates, four, 4, 1);
            dcBefore = s.Add(dcBefore, s.Add(s.Mul(parts[0], _peepholes[0]), s.Mul(parts[2], _peepholes[2])));
        }

        Value dhBefore = s.MatMul(dGates, recurrent);
        if (Layer.Mask is { } mask)
            dhBefore = s.Add(dhBefore, s.Mul(dhNow, loop.Sequence(B.Sub(B.One(mask), mask))));
        Value[] r = loop.Run(!IsReverse, [dhBefore, dcBefore], [dGates]);

        var result = new Value?[8];
        Value flat = Layer.Flatten(r[2], 4 * n);
        Layer.InputGradients(result, Index, flat, flat);
        if (G.NeedsGradient(2))
            result[2] = Layer.OuterProduct(flat, Layer.Flatten(k.H, n));
        (result[5], result[6]) = (r[0], r[1]);
        if (G.NeedsGradient(7))
        {
            Value[] parts = RecurrentLayer.Split(B, r[2], four, 4, 2);
            result[7] = B.Concat(0, OverSteps(parts[0], k.C), OverSteps(parts[1], k.CNext!), OverSteps(parts[2], k.C));
        }

        return result;
    }

    private Value OverSteps(Value a, Value b) => B.ReduceSum(B.Mul(a, b), 0, 1);

    private Value WithPeephole(GraphBuilder s, Value sum, Value c, int gate) =>
        _peepholes is null ? sum : s.Add(sum, s.Mul(c, _peepholes[gate]));

    // Every step's gates, H(c'), and the states before it; c' too with peepholes.
    private sealed record Kept(Value I, Value O, Value F, Value G, Value T, Value H, Value C, Value? CNext);
}
