using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Conditions and loops whose bodies also read what stands around them.</summary>
internal static class ControlFlowCases
{
    private static readonly CaseInput Fixed = CaseInput.Random(3, 4) with { SymbolicAxes = [] };

    public static IEnumerable<GradientCase> Rows => [.. IfRows(), .. LoopRows(), .. ScanRows()];

    private static IEnumerable<GradientCase> IfRows()
    {
        foreach (bool condition in (bool[])[true, false])
        {
            yield return new GradientCase($"fed {condition}", "If")
            {
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Fed(Tensor.Scalar(condition)), Fixed, Fixed],
                Build = (g, inputs) =>
                {
                    var then = new OnnxGraph("then", g.Model.Graph);
                    then.AddOutput(Add(then, "Mul", "product", inputs[1]!, inputs[2]!));
                    var otherwise = new OnnxGraph("else", g.Model.Graph);
                    otherwise.AddOutput(Add(otherwise, "Tanh", "bounded", inputs[1]!));
                    Value y = g.Op("If", [inputs[0]], ("then_branch", AttributeValue.Of(then)), ("else_branch", AttributeValue.Of(otherwise)));
                    y.Type = inputs[1]!.Type;
                    return [g.Op("Mul", [y, inputs[2]!])];
                },
                Torch = t => [(condition ? t[1] * t[2] : t[1].tanh()) * t[2]],
            };
        }
    }

    // h' = tanh(h w), and every h stacked
    private static IEnumerable<GradientCase> LoopRows()
    {
        yield return new GradientCase("three steps, stacked states", "Loop")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Constant(Tensor.Scalar(3L)), CaseInput.Constant(Tensor.Scalar(true)), CaseInput.Random(2, 4) with { SymbolicAxes = [] }, CaseInput.Parameter(4, 4)],
            Build = (g, inputs) =>
            {
                var body = new OnnxGraph("body", g.Model.Graph);
                body.AddInput("step", new TensorType(ElementType.Int64, Shape.Scalar));
                Value on = body.AddInput("on", new TensorType(ElementType.Bool, Shape.Scalar));
                Value h = body.AddInput("h", inputs[2]!.Type);
                Value next = Add(body, "Tanh", "next", Add(body, "MatMul", "turned", h, inputs[3]!));
                body.AddOutput(Add(body, "Identity", "goes_on", on));
                body.AddOutput(next);
                body.AddOutput(Add(body, "Identity", "kept", h));
                Value[] y = g.Ops("", "Loop", 2, [inputs[0], inputs[1], inputs[2]], ("body", AttributeValue.Of(body)));
                y[0].Type = inputs[2]!.Type;
                y[1].Type = new TensorType(ElementType.Float32, new Shape(3, 2, 4));
                return y;
            },
            Torch = t =>
            {
                TorchTensor first = torch.matmul(t[2], t[3]).tanh(), second = torch.matmul(first, t[3]).tanh();
                return [torch.matmul(second, t[3]).tanh(), torch.stack([t[2], first, second], 0)];
            },
        };
    }

    // s' = s w + x_t with the elements of x read backwards, and each s written
    private static IEnumerable<GradientCase> ScanRows()
    {
        foreach (bool backwards in (bool[])[false, true])
        {
            yield return new GradientCase($"second axis, backwards {backwards}", "Scan")
            {
                ElementType = ElementType.Float32,
                Inputs = [CaseInput.Random(2) with { SymbolicAxes = [] }, CaseInput.Random(2, 3) with { SymbolicAxes = [] }, CaseInput.Parameter(2)],
                Build = (g, inputs) =>
                {
                    var body = new OnnxGraph("body", g.Model.Graph);
                    var row = new TensorType(ElementType.Float32, new Shape(2));
                    Value s = body.AddInput("s", row), x = body.AddInput("x_t", row);
                    Value next = Add(body, "Add", "next", Add(body, "Mul", "scaled", s, inputs[2]!), x);
                    body.AddOutput(next);
                    body.AddOutput(Add(body, "Identity", "written", next));
                    (string, AttributeValue)[] attributes =
                    [
                        ("body", AttributeValue.Of(body)), ("num_scan_inputs", AttributeValue.Of(1L)),
                        ("scan_input_axes", AttributeValue.Of([1L])), ("scan_output_axes", AttributeValue.Of([1L])),
                        ("scan_input_directions", AttributeValue.Of([backwards ? 1L : 0L])), ("scan_output_directions", AttributeValue.Of([backwards ? 1L : 0L])),
                    ];
                    Value[] y = g.Ops("", "Scan", 2, [inputs[0], inputs[1]], attributes);
                    (y[0].Type, y[1].Type) = (row, inputs[1]!.Type);
                    return y;
                },
                Torch = t =>
                {
                    TorchTensor s = t[0];
                    var written = new TorchTensor[3];
                    foreach (int i in backwards ? (int[])[2, 1, 0] : [0, 1, 2])
                        written[i] = s = (s * t[2]) + t[1].select(1, i);
                    return [s, torch.stack(written, 1)];
                },
            };
        }
    }

    private static Value Add(OnnxGraph graph, string op, string name, params Value[] inputs)
    {
        Value y = graph.AddNode(op, inputs, [name]).Outputs[0]!;
        y.Type = inputs[0].Type;
        return y;
    }
}
