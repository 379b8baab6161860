using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>One direction of a GRU.</summary>
/// <remarks>Cho et al. 2014, arXiv:1406.1078; <c>linear_before_reset</c> is the variant of cuDNN and libtorch. Gates stand in ONNX's order z, r, h.</remarks>
internal sealed class GruDirection : RecurrentDirection
{
    private readonly RecurrentActivation _f;
    private readonly RecurrentActivation _g;
    private readonly bool _isResetLast;
    private Kept? _kept;

    public GruDirection(RecurrentLayer layer, int index, RecurrentActivation[] activations)
        : base(layer, index)
    {
        (_f, _g) = (activations[2 * index], activations[(2 * index) + 1]);
        _isResetLast = G.Node.GetInt("linear_before_reset", 0) != 0;
    }

    // z, r = F(x W^T + h R^T + b); n = G(x Wn^T + bn + (r h) Rn^T + cn), or G(x Wn^T + bn + r (h Rn^T + cn)); h' = (1 - z) n + z h
    public override Value[] Forward()
    {
        long n = Layer.Hidden;
        (Value? inputBias, Value? recurrentBias) = Layer.Biases(Index);
        Value? bias = inputBias is null || _isResetLast ? inputBias : B.Add(inputBias, recurrentBias!);
        Value[] gates = RecurrentLayer.Split(B, Layer.GateInputs(Index, bias), 2, 2 * n, n);
        Value recurrent = B.Transpose(Layer.Part(2, Index), 1, 0);
        Value[] parts = _isResetLast ? [] : RecurrentLayer.Split(B, recurrent, 1, 2 * n, n);
        Value twoAndOne = B.Ints(2 * n, n), two = B.Ints(n, n);

        var loop = new ScanLoop(B, $"forward{Index}");
        GraphBuilder s = loop.Body;
        Value h = loop.State(Layer.InitialState(5, Index));
        Value zrInput = loop.Sequence(gates[0]), candidateInput = loop.Sequence(gates[1]);
        Value z, r, sum, candidate;
        if (_isResetLast)
        {
            Value[] product = RecurrentLayer.Split(s, s.Op("Gemm", [h, recurrent, recurrentBias]), twoAndOne, 2, 1);
            Value[] zr = RecurrentLayer.Split(s, _f.Apply(s, s.Add(zrInput, product[0])), two, 2, 1);
            (z, r, sum) = (zr[0], zr[1], product[1]);
            candidate = _g.Apply(s, s.Add(candidateInput, s.Mul(r, sum)));
        }
        else
        {
            Value[] zr = RecurrentLayer.Split(s, _f.Apply(s, s.Op("Gemm", [h, parts[0], zrInput])), two, 2, 1);
            (z, r, sum) = (zr[0], zr[1], s.Mul(zr[1], h));
            candidate = _g.Apply(s, s.Op("Gemm", [sum, parts[1], candidateInput]));
        }

        Value change = s.Sub(h, candidate);
        Value next = s.Add(candidate, s.Mul(z, change));
        if (Layer.Live is { } live)
            next = s.Where(loop.Sequence(live), next, h);
        Value[] o = loop.Run(IsReverse, [next], [z, r, candidate, sum, change, s.Op("Identity", [h])]);
        _kept = new(o[1], o[2], o[3], o[4], o[5], o[6]);
        return [Masked(B.Add(_kept.Candidate, B.Mul(_kept.Z, _kept.Change))), o[0]];
    }

    // With dh the gradient of h': dz = dh (h - n) F', dn = dh (1 - z) G', and back to the step before dh z + (dz, dr) R +
    //   the reset last: dr = dn q F' with q = h Rn^T + cn, dq = dn r, and dq Rn;
    //   the reset first: d(r h) = dn Rn, dr = d(r h) h F', and d(r h) r.
    public override Value?[] Backward(Value? dy, Value? dh, Value? dc)
    {
        Kept k = _kept!;
        long n = Layer.Hidden;
        Value toZ = Masked(B.Mul(k.Change, _f.Derivative(B, k.Z)));
        Value toCandidate = Masked(B.Mul(B.Sub(B.One(k.Z), k.Z), _g.Derivative(B, k.Candidate)));
        Value resetSlope = _f.Derivative(B, k.R);
        Value recurrent = Layer.Part(2, Index);
        Value[] parts = _isResetLast ? [] : RecurrentLayer.Split(B, recurrent, 0, 2 * n, n);
        Value? factors = _isResetLast ? B.Concat(2, toZ, B.Mul(toCandidate, B.Mul(k.Sum, resetSlope)), B.Mul(toCandidate, k.R)) : null;

        var loop = new ScanLoop(B, $"backward{Index}");
        GraphBuilder s = loop.Body;
        Value now = loop.State(dh ?? Layer.ZeroState());
        if (dy is not null)
            now = s.Add(now, loop.Sequence(Masked(dy)));
        Value kept = s.Mul(now, loop.Sequence(MaskedToOne(k.Z)));
        Value candidate = s.Mul(now, loop.Sequence(toCandidate));
        Value[] outputs;
        Value before;
        if (_isResetLast)
        {
            Value all = s.Mul(s.Concat(1, now, now, now), loop.Sequence(factors!));
            before = s.Add(kept, s.MatMul(all, recurrent));
            outputs = [all, candidate];
        }
        else
        {
            Value product = s.MatMul(candidate, parts[1]);
            Value dz = s.Mul(now, loop.Sequence(toZ));
            Value dr = s.Mul(product, loop.Sequence(B.Mul(k.H, resetSlope)));
            Value zr = s.Concat(1, dz, dr);
            before = s.Add(s.Add(kept, s.Mul(product, loop.Sequence(k.R))), s.MatMul(zr, parts[0]));
            outputs = [zr, candidate];
        }

        Value[] o = loop.Run(!IsReverse, [before], outputs);
        var result = new Value?[6];
        result[5] = o[0];
        Value dzr = _isResetLast ? RecurrentLayer.Split(B, o[1], 2, 2 * n, n)[0] : o[1];
        Value inputGates = Layer.Flatten(B.Concat(2, dzr, o[2]), 3 * n);
        Value recurrentGates = _isResetLast ? Layer.Flatten(o[1], 3 * n) : inputGates;
        Layer.InputGradients(result, Index, inputGates, recurrentGates);
        if (G.NeedsGradient(2))
        {
            Value h = Layer.Flatten(k.H, n);
            result[2] = _isResetLast
                ? Layer.OuterProduct(recurrentGates, h)
                : B.Concat(0, Layer.OuterProduct(Layer.Flatten(o[1], 2 * n), h), Layer.OuterProduct(Layer.Flatten(o[2], n), Layer.Flatten(k.Sum, n)));
        }

        return result;
    }

    // Every step's z, r, n, then h Rn^T + cn (reset last) or r h (reset first), h - n, and the state before it.
    private sealed record Kept(Value Z, Value R, Value Candidate, Value Sum, Value Change, Value H);
}
