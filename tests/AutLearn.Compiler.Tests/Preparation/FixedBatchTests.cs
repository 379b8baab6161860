using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.Preparation;

/// <summary>Models exported for one batch size predict each row as they did, however many there are.</summary>
[Trait("Category", "Unit")]
public sealed class FixedBatchTests
{
    public static TheoryData<string, long, long> Cases { get; } = CreateCases();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Compile_FixedBatch_PredictsEachRowAsTheOriginal(string kind, long opset, long size)
    {
        (OnnxModel model, long[] row) = Create(kind, opset, size);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions());
        Assert.Equal("N", artifacts.Manifest.Inputs[0].Shape[0]);
        var random = new Random(5);
        Tensor three = Networks.Random(random, 1, [3 * size, .. row]);
        using var runner = new StepRunner(artifacts);
        using var original = new Testing.Gradients.OrtModel(model, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_DISABLE_ALL);
        float[] ours = runner.Infer(new Dictionary<string, Tensor> { ["x"] = three })["logits"].Span<float>().ToArray();
        int block = three.Bytes.Length / 3;
        var theirs = new List<float>();
        for (int i = 0; i < 3; i++)
        {
            var part = new Tensor(ElementType.Float32, [size, .. row], three.Bytes.Slice(i * block, block));
            theirs.AddRange(original.Run(new Dictionary<string, Tensor> { ["x"] = part })["logits"].Span<float>());
        }

        Assert.Equal(theirs.Count, ours.Length);
        for (int i = 0; i < ours.Length; i++)
            Assert.Equal(theirs[i], ours[i], 1e-5f);
    }

    [Fact]
    public void Compile_RowsThatDiffer_SaysThatTheBatchIsFixed()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(2, 6)));
        Value joined = graph.AddNode("Concat", [x, graph.AddInitializer("token", Networks.Random(random, 1, 2, 6))], ["joined"], [new("axis", AttributeValue.Of(1L))]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, joined, "fc", random, 12, 5, "logits"));
        var e = Assert.Throws<InvalidModelException>(() => ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions()));
        Assert.Contains("fixed batch of 2", e.Message, StringComparison.Ordinal);
        Assert.Contains("'token'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_RowsThatMeetEachOther_SaysThatTheBatchIsFixed()
    {
        // x x^T: each row is compared with every other.
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(4, 6)));
        Value likeness = graph.AddNode("MatMul", [x, graph.AddNode("Transpose", [x], ["t"]).Outputs[0]], ["likeness"]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, likeness, "fc", random, 4, 5, "logits"));
        var e = Assert.Throws<InvalidModelException>(() => ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions()));
        Assert.Contains("fixed batch of 4", e.Message, StringComparison.Ordinal);
        Assert.Contains("'fc' (Gemm)", e.Message, StringComparison.Ordinal);
    }

    private static TheoryData<string, long, long> CreateCases()
    {
        var cases = new TheoryData<string, long, long>();
        foreach (string kind in (string[])["reshape", "reshape allowzero", "reshape inside", "heads", "heads merged", "class token", "expand", "resize", "lstm state", "time first", "flatten", "lstm reshape"])
        {
            foreach (long opset in (long[])[17, 18, 21])
            {
                if (kind == "reshape allowzero" && opset < 14)
                    continue;
                cases.Add(kind, opset, 1);
                if (kind is not ("flatten" or "lstm reshape"))
                    cases.Add(kind, opset, 2);
            }
        }

        return cases;
    }

    // Each holds the batch size somewhere in a constant, and no shape of a computed value is declared.
    private static (OnnxModel Model, long[] Row) Create(string kind, long opset, long b)
    {
        var (graph, random) = (new OnnxGraph(kind), new Random(1));
        long[] row = kind is "resize" ? [2, 3, 3] : kind is "lstm reshape" or "heads" or "heads merged" or "class token" or "expand" or "lstm state" or "time first" ? [5, 8] : [2, 4, 4];
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, Shape.Of([b, .. row])));
        Value features;
        int width;
        switch (kind)
        {
            case "reshape":
                (features, width) = (Reshape(x, "r", b, 32), 32);
                break;
            case "reshape allowzero":
                features = graph.AddNode("Reshape", [x, graph.AddInitializer("s", Tensor.Vector(b, -1L))], ["r"], [new("allowzero", AttributeValue.Of(1L))]).Outputs[0]!;
                width = 32;
                break;
            case "reshape inside":
                (features, width) = (Reshape(Reshape(x, "a", b * 2, 16), "c", b, -1), 32);
                break;
            case "heads":
                // [b, 5, 8] -> [b, 5, 2, 4] -> [b, 2, 5, 4] -> [b * 2, 5, 4] and back, as attention is exported
                Value split = Transpose(Reshape(x, "h", b, 5, 2, 4), "ht", 0, 2, 1, 3);
                Value merged = Reshape(split, "m", b * 2, 5, 4);
                features = Reshape(Transpose(Reshape(merged, "u", b, 2, 5, 4), "ut", 0, 2, 1, 3), "f", b, 40);
                width = 40;
                break;
            case "heads merged":
                // Rows and their places in one dimension: [b * 5, 8]
                features = Reshape(Reshape(x, "m", b * 5, 8), "f", b, 40);
                width = 40;
                break;
            case "class token":
                Value token = graph.AddInitializer("token", Repeated(Networks.Random(random, 1, 1, 1, 8), (int)b));
                features = Reshape(graph.AddNode("Concat", [token, x], ["joined"], [new("axis", AttributeValue.Of(1L))]).Outputs[0]!, "f", b, 48);
                width = 48;
                break;
            case "expand":
                Value row1 = graph.AddInitializer("row", Networks.Random(random, 1, 1, 5, 8));
                Value expanded = graph.AddNode("Expand", [row1, graph.AddInitializer("es", Tensor.Vector(b, 5L, 8L))], ["expanded"]).Outputs[0]!;
                features = Reshape(graph.AddNode("Concat", [x, expanded], ["joined"], [new("axis", AttributeValue.Of(2L))]).Outputs[0]!, "f", b, 80);
                width = 80;
                break;
            case "resize":
                Value sized = graph.AddNode("Resize", [x, null, null, graph.AddInitializer("sizes", Tensor.Vector(b, 2L, 6L, 6L))], ["sized"], [new("mode", AttributeValue.Of("nearest"))]).Outputs[0]!;
                features = graph.AddNode("Flatten", [sized], ["f"]).Outputs[0]!;
                width = 72;
                break;
            case "flatten":
                // Of one row, before the first axis is behind it.
                features = graph.AddNode("Flatten", [x], ["f"], [new("axis", AttributeValue.Of(0L))]).Outputs[0]!;
                width = 32;
                break;
            case "lstm reshape":
                // Of one row, a Reshape turns time to the front.
                Value steps = Reshape(x, "steps", 5, 1, 8);
                Value w2 = graph.AddInitializer("w", Networks.Random(random, 0.5, 1, 12, 8)), r2 = graph.AddInitializer("rw", Networks.Random(random, 0.5, 1, 12, 3));
                features = graph.AddNode("Squeeze", [graph.AddNode("LSTM", [steps, w2, r2], ["", "last"], [new("hidden_size", AttributeValue.Of(3L))]).Outputs[1], graph.AddInitializer("zero", Tensor.Vector(0L))], ["f"]).Outputs[0]!;
                width = 3;
                break;
            case "lstm state":
                Value sequence = Transpose(x, "t", 1, 0, 2);
                Value w = graph.AddInitializer("w", Networks.Random(random, 0.5, 1, 12, 8)), r = graph.AddInitializer("rw", Networks.Random(random, 0.5, 1, 12, 3));
                Value state = graph.AddInitializer("state", Repeated(Networks.Random(random, 1, 1, 1, 3), (int)b, axis: 1));
                Value last = graph.AddNode("LSTM", [sequence, w, r, null, null, state, state], ["", "last"], [new("hidden_size", AttributeValue.Of(3L))]).Outputs[1]!;
                features = Reshape(last, "f", b, 3);
                width = 3;
                break;
            default:
                // Time first inside: [5, b, 8] -> [5 * b, 8] and back
                Value turned = Transpose(x, "t", 1, 0, 2);
                Value rows = graph.AddNode("Relu", [Reshape(turned, "flat", 5 * b, 8)], ["relu"]).Outputs[0]!;
                features = Reshape(Transpose(Reshape(rows, "restored", 5, b, 8), "bt", 1, 0, 2), "f", b, 40);
                width = 40;
                break;
        }

        Value logits = Networks.Dense(graph, features, "fc", random, width, 4, "logits");
        logits.Type = null;
        graph.AddOutput(logits);
        foreach (Value value in graph.Values.Where(v => v.Producer is not null))
            value.Type = null;
        logits.Type = new TensorType(ElementType.Float32, Shape.Of([b, 4]));
        return (new OnnxModel(graph, opset), row);

        Value Reshape(Value v, string name, params long[] to) => graph.AddNode("Reshape", [v, graph.AddInitializer($"{name}.shape", Tensor.Vector<long>(to))], [name]).Outputs[0]!;

        Value Transpose(Value v, string name, params long[] permutation) => graph.AddNode("Transpose", [v], [name], [new("perm", AttributeValue.Of(permutation))]).Outputs[0]!;
    }

    private static Tensor Repeated(Tensor row, int times, int axis = 0) =>
        new(row.ElementType, row.Dimensions.SetItem(axis, times).AsSpan(), Enumerable.Repeat(row.Bytes.ToArray(), times).SelectMany(b => b).ToArray());
}
