using AutLearn.Graph;
using AutLearn.Graph.Inference;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Recurrent layers of 4 steps, 2 sequences, 3 features and 5 hidden units, in Float64 where nothing else is said.</summary>
internal static class RecurrentCases
{
    private const int Steps = 4;
    private const int Batch = 2;
    private const int Features = 3;
    private const int Hidden = 5;
    private const string FloatStep = "The step that Float32 needs is too long for a network with kinks or steep gates; libtorch and the rows in Float64 check it.";

    public static IEnumerable<GradientCase> Rows =>
    [
        .. LstmRows(),
        .. GruRows(),
        .. RnnRows(),
    ];

    private static IEnumerable<GradientCase> LstmRows()
    {
        Recurrent full = new("LSTM", 4) { Bias = true, States = true };
        Recurrent lengths = full with { Lengths = [3, 1] };
        yield return full.Row("forward");
        yield return full.Row("forward, Float32") with { ElementType = ElementType.Float32, NoDifferencesBecause = FloatStep };
        yield return (full with { Direction = "reverse" }).Row("reverse");
        yield return (full with { Direction = "bidirectional" }).Row("bidirectional");
        yield return lengths.Row("forward, sequence_lens");
        yield return (lengths with { Direction = "bidirectional", Peepholes = true }).Row("bidirectional, sequence_lens, peepholes");
        yield return (full with { Peepholes = true }).Row("peepholes");
        yield return (full with { IsCoupled = true }).Row("input_forget");
        yield return (lengths with { IsCoupled = true, Peepholes = true }).Row("input_forget, peepholes, sequence_lens");
        yield return (full with { IsBatchFirst = true }).Row("layout 1");
        yield return (lengths with { IsBatchFirst = true, Direction = "bidirectional" }).Row("layout 1, bidirectional, sequence_lens");
        yield return new Recurrent("LSTM", 4) { Outputs = ["Y"] }.Row("without optional inputs, Y alone");
        yield return (full with { Outputs = ["", "Y_h"] }).Row("Y_h alone");
        yield return (lengths with { Outputs = ["", "", "Y_c"], Direction = "reverse" }).Row("Y_c alone, reverse, sequence_lens");
        yield return (full with { Activations = ["Relu", "Softsign", "LeakyRelu"], Alphas = [0.3f] }).Row("Relu, Softsign, LeakyRelu") with { ElementType = ElementType.Float32, NoDifferencesBecause = FloatStep };
        yield return (full with { Activations = ["HardSigmoid", "Elu", "Tanh"], Alphas = [0.25f, 0.75f], Betas = [0.5f] }).Row("HardSigmoid, Elu, Tanh") with { ElementType = ElementType.Float32, NoDifferencesBecause = FloatStep };
    }

    private static IEnumerable<GradientCase> GruRows()
    {
        foreach (bool isResetLast in (bool[])[false, true])
        {
            Recurrent full = new("GRU", 3) { Bias = true, States = true, IsResetLast = isResetLast };
            Recurrent lengths = full with { Lengths = [3, 1] };
            string variant = $"linear_before_reset {(isResetLast ? 1 : 0)}";
            yield return full.Row($"forward, {variant}");
            yield return full.Row($"forward, Float32, {variant}") with { ElementType = ElementType.Float32, NoDifferencesBecause = FloatStep };
            yield return (full with { Direction = "reverse" }).Row($"reverse, {variant}");
            yield return (lengths with { Direction = "bidirectional" }).Row($"bidirectional, sequence_lens, {variant}");
            yield return (lengths with { IsBatchFirst = true, Direction = "bidirectional" }).Row($"layout 1, bidirectional, sequence_lens, {variant}");
            yield return new Recurrent("GRU", 3) { Outputs = ["Y"], IsResetLast = isResetLast }.Row($"without optional inputs, Y alone, {variant}");
            yield return (lengths with { Outputs = ["", "Y_h"] }).Row($"Y_h alone, sequence_lens, {variant}");
            yield return (full with { Activations = ["HardSigmoid", "Relu"], Alphas = [0.25f], Betas = [0.5f] }).Row($"HardSigmoid, Relu, {variant}") with { ElementType = ElementType.Float32, NoDifferencesBecause = FloatStep };
        }
    }

    private static IEnumerable<GradientCase> RnnRows()
    {
        Recurrent full = new("RNN", 1) { Bias = true, States = true };
        Recurrent lengths = full with { Lengths = [3, 1] };
        yield return full.Row("forward");
        yield return (full with { Activations = ["Relu"] }).Row("Relu");
        yield return (lengths with { Direction = "bidirectional" }).Row("bidirectional, sequence_lens");
        yield return (lengths with { IsBatchFirst = true, Direction = "reverse", Outputs = ["", "Y_h"] }).Row("layout 1, reverse, sequence_lens, Y_h alone");
        yield return new Recurrent("RNN", 1) { Outputs = ["Y"] }.Row("without optional inputs, Y alone");
    }

    private sealed record Recurrent(string OpType, int Gates)
    {
        public string Direction { get; init; } = "forward";

        public bool Bias { get; init; }

        public bool States { get; init; }

        public bool Peepholes { get; init; }

        public bool IsCoupled { get; init; }

        public bool IsBatchFirst { get; init; }

        public bool IsResetLast { get; init; }

        public int[]? Lengths { get; init; }

        public string[]? Activations { get; init; }

        public float[] Alphas { get; init; } = [];

        public float[] Betas { get; init; } = [];

        public string[] Outputs { get; init; } = ["Y", "Y_h", "Y_c"];

        private int Directions => Direction == "bidirectional" ? 2 : 1;

        private string[] Functions => Activations ?? (OpType switch { "LSTM" => ["Sigmoid", "Tanh", "Tanh"], "GRU" => ["Sigmoid", "Tanh"], _ => ["Tanh"] });

        public GradientCase Row(string name)
        {
            bool isLstm = OpType == "LSTM";
            CaseInput state = !States ? CaseInput.Absent
                : IsBatchFirst ? CaseInput.Random(Batch, Directions, Hidden) with { SymbolicAxes = [0] }
                : CaseInput.Random(Directions, Batch, Hidden) with { SymbolicAxes = [1] };
            string[] outputs = [.. Outputs.Take(isLstm ? 3 : 2)];
            return new(name, OpType)
            {
                Inputs =
                [
                    (IsBatchFirst ? CaseInput.Random(Batch, Steps, Features) : CaseInput.Random(Steps, Batch, Features)) with { SymbolicAxes = [0, 1] },
                    CaseInput.Parameter(Directions, Gates * Hidden, Features),
                    CaseInput.Parameter(Directions, Gates * Hidden, Hidden),
                    Bias ? CaseInput.Parameter(Directions, 2 * Gates * Hidden) : CaseInput.Absent,
                    Lengths is null ? CaseInput.Absent : CaseInput.Fed(Tensor.Vector(Lengths)),
                    state,
                    .. isLstm ? [state, Peepholes ? CaseInput.Parameter(Directions, 3 * Hidden) : CaseInput.Absent] : (CaseInput[])[],
                ],
                Build = (g, inputs) => Node(g, inputs, outputs),
                Torch = t => Reference(t, outputs),
            };
        }

        private List<Value> Node(ForwardGraph g, IReadOnlyList<Value?> inputs, string[] outputs)
        {
            List<(string Name, AttributeValue Value)> attributes = [("hidden_size", AttributeValue.Of((long)Hidden)), ("direction", AttributeValue.Of(Direction))];
            if (IsBatchFirst)
                attributes.Add(("layout", AttributeValue.Of(1L)));
            if (IsCoupled)
                attributes.Add(("input_forget", AttributeValue.Of(1L)));
            if (IsResetLast)
                attributes.Add(("linear_before_reset", AttributeValue.Of(1L)));
            if (Activations is not null)
                attributes.Add(("activations", AttributeValue.Of([.. Enumerable.Repeat(Activations, Directions).SelectMany(a => a)])));
            if (Alphas.Length > 0)
                attributes.Add(("activation_alpha", AttributeValue.Of([.. Enumerable.Repeat(Alphas, Directions).SelectMany(a => a)])));
            if (Betas.Length > 0)
                attributes.Add(("activation_beta", AttributeValue.Of([.. Enumerable.Repeat(Betas, Directions).SelectMany(b => b)])));
            Node node = g.Model.Graph.AddNode(
                OpType, inputs.Reverse().SkipWhile(i => i is null).Reverse(), outputs, attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)), name: "layer");
            ShapeInference.InferNode(node, g.Model.Opset);
            return [.. node.Outputs.OfType<Value>()];
        }

        // The operator's definition, step by step and one sequence after the other.
        private TorchTensor[] Reference(TorchTensor[] t, string[] outputs)
        {
            TorchTensor x = IsBatchFirst ? t[0].transpose(0, 1) : t[0];
            var y = new TorchTensor[Directions];
            var h = new TorchTensor[Directions];
            var c = new TorchTensor[Directions];
            for (int d = 0; d < Directions; d++)
            {
                bool isReverse = Direction == "reverse" || d == 1;
                var ys = new TorchTensor[Batch];
                var hs = new TorchTensor[Batch];
                var cs = new TorchTensor[Batch];
                for (int n = 0; n < Batch; n++)
                    (ys[n], hs[n], cs[n]) = Sequence(t, x, d, n, isReverse);
                (y[d], h[d], c[d]) = (torch.stack(ys, 1), torch.stack(hs, 0), torch.stack(cs, 0));
            }

            TorchTensor[] all = IsBatchFirst
                ? [torch.stack(y, 1).permute(2, 0, 1, 3), torch.stack(h, 1), torch.stack(c, 1)]
                : [torch.stack(y, 1), torch.stack(h, 0), torch.stack(c, 0)];
            return [.. outputs.Select((o, i) => (o, i)).Where(p => p.o.Length > 0).Select(p => all[p.i])];
        }

        private (TorchTensor Y, TorchTensor H, TorchTensor C) Sequence(TorchTensor[] t, TorchTensor x, int d, int n, bool isReverse)
        {
            int length = Lengths?[n] ?? Steps;
            TorchTensor zero = torch.zeros(Hidden, x.dtype);
            TorchTensor h = States ? (IsBatchFirst ? t[5][n][d] : t[5][d][n]) : zero;
            TorchTensor c = States && OpType == "LSTM" ? (IsBatchFirst ? t[6][n][d] : t[6][d][n]) : zero;
            TorchTensor[] ys = [.. Enumerable.Repeat(zero, Steps)];
            for (int k = 0; k < length; k++)
            {
                int step = isReverse ? length - 1 - k : k;
                (h, c) = OpType switch { "LSTM" => Lstm(t, x[step][n], d, h, c), "GRU" => (Gru(t, x[step][n], d, h), c), _ => (Rnn(t, x[step][n], d, h), c) };
                ys[step] = h;
            }

            return (torch.stack(ys, 0), h, c);
        }

        private TorchTensor Gate(TorchTensor[] t, TorchTensor x, int d, TorchTensor h, int gate) => InputPart(t, x, d, gate) + RecurrentPart(t, d, h, gate);

        private TorchTensor InputPart(TorchTensor[] t, TorchTensor x, int d, int gate)
        {
            TorchTensor sum = torch.mv(t[1][d].narrow(0, gate * Hidden, Hidden), x);
            return Bias ? sum + t[3][d].narrow(0, gate * Hidden, Hidden) : sum;
        }

        private TorchTensor RecurrentPart(TorchTensor[] t, int d, TorchTensor h, int gate)
        {
            TorchTensor sum = torch.mv(t[2][d].narrow(0, gate * Hidden, Hidden), h);
            return Bias ? sum + t[3][d].narrow(0, (Gates + gate) * Hidden, Hidden) : sum;
        }

        private (TorchTensor H, TorchTensor C) Lstm(TorchTensor[] t, TorchTensor x, int d, TorchTensor h, TorchTensor c)
        {
            TorchTensor Peephole(int gate, TorchTensor state) => Peepholes ? t[7][d].narrow(0, gate * Hidden, Hidden) * state : torch.zeros_like(state);
            TorchTensor i = Function(0, Gate(t, x, d, h, 0) + Peephole(0, c));
            TorchTensor f = IsCoupled ? 1 - i : Function(0, Gate(t, x, d, h, 2) + Peephole(2, c));
            TorchTensor next = (f * c) + (i * Function(1, Gate(t, x, d, h, 3)));
            TorchTensor o = Function(0, Gate(t, x, d, h, 1) + Peephole(1, next));
            return (o * Function(2, next), next);
        }

        private TorchTensor Gru(TorchTensor[] t, TorchTensor x, int d, TorchTensor h)
        {
            TorchTensor z = Function(0, Gate(t, x, d, h, 0));
            TorchTensor r = Function(0, Gate(t, x, d, h, 1));
            TorchTensor candidate = Function(1, InputPart(t, x, d, 2) + (IsResetLast ? r * RecurrentPart(t, d, h, 2) : RecurrentPart(t, d, r * h, 2)));
            return ((1 - z) * candidate) + (z * h);
        }

        private TorchTensor Rnn(TorchTensor[] t, TorchTensor x, int d, TorchTensor h) => Function(0, Gate(t, x, d, h, 0));

        private TorchTensor Function(int index, TorchTensor x) => Functions[index] switch
        {
            "Sigmoid" => torch.sigmoid(x),
            "Tanh" => torch.tanh(x),
            "Relu" => F.relu(x),
            "Softsign" => x / (1 + x.abs()),
            "LeakyRelu" => F.leaky_relu(x, Alphas[^1]),
            "Elu" => F.elu(x, Alphas[^1]),
            _ => torch.clamp((x * Alphas[0]) + Betas[0], 0, 1),
        };
    }
}
