using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using AutLearn.Testing.Networks;
using static AutLearn.Compiler.Tests.Gradients.GradientDifferences;

namespace AutLearn.Compiler.Tests.Gradients;

/// <summary>Softmax over rows of which everything is masked, as exporters write it: something else is chosen in its place.</summary>
[Trait("Category", "Conformance")]
public sealed class MaskedSoftmaxTests
{
    private const float Inf = float.PositiveInfinity;

    // The second row is masked as a whole, the third in part.
    private static readonly bool[] Kept = [true, true, true, true, false, false, false, false, true, false, true, false];
    private static readonly double[] Scores = [0.5, -0.7, 0.9, 1.1, 0.3, -0.2, 0.8, 0, 1.3, -1.5, 0.7, 1.9];

    public static TheoryData<string, string, string> Rows()
    {
        var rows = new TheoryData<string, string, string>();
        foreach (string mask in (string[])["fed", "fed and scaled", "constant", "where", "lowest twice", "fed twice"])
        {
            foreach (string softmax in (string[])["softmax", "log softmax", "by hand", "by hand from the largest", "log of sum"])
            {
                foreach (string choice in (string[])["is nan", "all masked", "mask", "later", "later, moved"])
                    rows.Add(mask, softmax, choice);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Gradient_OfFullyMaskedRow_IsZeroAndOthersAreRight(string mask, string softmax, string choice)
    {
        Check(
            (g, x) =>
            {
                Value s = Masked(g, g.Op("Mul", [x, Number(g, 1.5)]), mask);
                Value p = Normalised(g, s, softmax);
                return Chosen(g, p, choice, softmax);
            },
            [3, 4],
            Scores,
            i => !Kept[i],
            ElementType.Float32,
            new Dictionary<string, Tensor>
            {
                ["mask"] = Tensor.Of<float>([3, 4], [.. Kept.Select(k => k ? 0 : -Inf)]),
                ["kept"] = Tensor.Of<float>([3, 4], [.. Kept.Select(k => k ? 1f : 0)]),
            });
    }

    [Fact]
    public void Step_SafeSoftmaxOfFullyMaskedRow_LearnsFromTheOthers()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(SafeSoftmax(), new() { Trainable = TrainableSelection.All, Optimizer = new AdamOptimizer() });
        using var runner = new StepRunner(artifacts);
        float[] before = runner.Floats("W");
        var boundary = new Dictionary<string, Tensor>
        {
            ["x"] = Tensor.Of<float>([2, 4], [0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f]),
            ["mask"] = Tensor.Of<float>([2, 4], [0, 0, -Inf, 0, -Inf, -Inf, -Inf, -Inf]),
        };
        runner.Step(boundary, Tensor.Vector(1L, 2L), 0.1f);
        Assert.All(artifacts.Manifest.Parameters, p => Assert.All(runner.Floats(p.Tensor.Name), v => Assert.True(float.IsFinite(v))));
        Assert.NotEqual(before, runner.Floats("W"));
    }

    // Whatever guards against masks must cost nothing where there are none.
    [Fact]
    public void Compile_NetworksWithoutMasks_HaveNothingToGuard()
    {
        var options = new CompileOptions { Trainable = TrainableSelection.All };
        foreach (OnnxModel model in (OnnxModel[])[MobileNetV1.Create(0.25, 32, 5), TransformerEncoder.Create(50, 8, 16, 5), ResNet18.Create(8, 32, 5)])
        {
            OnnxModel step = ModelCompiler.Compile(model, options).TrainStep;
            Assert.DoesNotContain(step.Graph.Nodes, n => n.Is("Where") || n.Is("Less"));
        }
    }

    private static Value Masked(ForwardGraph g, Value s, string mask)
    {
        Value Fed(string name) => g.Model.Graph.Find(name)!;
        Value Constant(float hidden) => g.Constant(Tensor.Of<float>([3, 4], [.. Kept.Select(k => k ? 0 : hidden)]));
        return mask switch
        {
            "fed" => g.Op("Add", [s, Fed("mask")]),
            "fed and scaled" => g.Op("Add", [g.Op("Log", [Fed("kept")]), s]),
            "fed twice" => g.Op("Add", [g.Op("Add", [s, Fed("mask")]), Fed("mask")]),
            "constant" => g.Op("Add", [s, Constant(-Inf)]),
            "lowest twice" => g.Op("Add", [g.Op("Add", [s, Constant(float.MinValue)]), Constant(float.MinValue)]),
            _ => g.Op("Where", [g.Constant(Tensor.Of<bool>([3, 4], Kept)), s, Number(g, -Inf)]),
        };
    }

    private static Value Normalised(ForwardGraph g, Value s, string softmax)
    {
        Value last = g.Constant(Tensor.Vector(-1L));
        switch (softmax)
        {
            case "softmax":
                return g.Op("Softmax", [s]);
            case "log softmax":
                return g.Op("LogSoftmax", [s]);
            case "by hand" or "by hand from the largest":
                Value e = g.Op("Exp", [softmax == "by hand" ? s : g.Op("Sub", [s, g.Op("ReduceMax", [s, last])])]);
                return g.Op("Div", [e, g.Op("ReduceSum", [e, last])]);
            default:
                return g.Op("Sub", [s, g.Op("ReduceLogSumExp", [s, last])]);
        }
    }

    private static Value Chosen(ForwardGraph g, Value p, string choice, string softmax)
    {
        Value zero = Number(g, 0);
        Value mask = g.Constant(Tensor.Of<bool>([3, 4], Kept));
        Value rows = g.Constant(Tensor.Of<bool>([3, 1], [true, false, true]));
        bool isLogarithm = softmax.Contains("log", StringComparison.Ordinal);

        // The logarithm of what is masked in part is -infinity, which only the mask keeps out.
        p = isLogarithm && choice != "mask" ? g.Op("Where", [g.Op("Or", [mask, g.Op("Not", [rows])]), p, zero]) : p;
        Value v = g.Constant(Tensor.Of<float>([4, 4], [.. Enumerable.Range(0, 16).Select(i => (i % 5 / 4f) - 0.4f)]));
        return choice switch
        {
            "is nan" => g.Op("Where", [g.Op("IsNaN", [p]), zero, p]),
            "all masked" => g.Op("Where", [rows, p, zero]),
            "mask" => g.Op("Where", [mask, p, zero]),
            "later" => g.Op("Where", [rows, g.Op("MatMul", [p, v]), zero]),
            _ => g.Op("Where", [rows, g.Op("Tanh", [g.Op("MatMul", [g.Op("Mul", [p, Number(g, 0.7)]), v])]), Number(g, 0.1)]),
        };
    }

    private static OnnxModel SafeSoftmax()
    {
        var random = new Random(1);
        var graph = new OnnxGraph("masked");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value mask = graph.AddInput("mask", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value q = graph.AddNode("MatMul", [x, graph.AddInitializer("W", Networks.Random(random, 0.5, 4, 4))], ["q"]).Outputs[0]!;
        Value s = graph.AddNode("Add", [q, mask], ["s"]).Outputs[0]!;
        Value p = graph.AddNode("Softmax", [s], ["p"], [new("axis", AttributeValue.Of(-1L))]).Outputs[0]!;
        Value isNaN = graph.AddNode("IsNaN", [p], ["is_nan"]).Outputs[0]!;
        Value safe = graph.AddNode("Where", [isNaN, graph.AddInitializer("zero", Tensor.Scalar(0f)), p], ["safe"]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, safe, "fc", random, 4, 3, "logits"));
        return new OnnxModel(graph, Networks.Opset);
    }
}
