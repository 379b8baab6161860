using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Backbones of integers under a head of Float32, without stored value types: their shapes are inferred, and the head learns.</summary>
[Trait("Category", "Conformance")]
public sealed class QuantizedBackboneTests
{
    private const int Channels = 8;

    public static TheoryData<string> Forms => ["quantised and back", "weights only", "integer layers", "dynamic", "weights of a few bits", "dynamic product"];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Infer_EveryForm_KnowsEveryShape(string form)
    {
        OnnxModel model = Model(form);
        ShapeInference.Infer(model);
        Assert.All(model.Graph.Nodes.SelectMany(n => n.Outputs), v => Assert.NotNull(v!.Shape));
        Assert.Equal(new Shape("N", 3), model.Graph.Find("logits")!.Shape);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Step_LastLayer_LearnsAsOnTheRealBackbone(string form)
    {
        (float first, float last) = Learn(form);
        Assert.True(last < first, $"The loss went from {first} to {last}.");
        if (form is "weights of a few bits" or "dynamic product")
            return;

        // The other forms compute, to their precision, what their real twin computes.
        (float realFirst, float realLast) = Learn("real");
        Assert.Equal(realFirst, first, 0.01f);
        Assert.Equal(realFirst - realLast, first - last, 0.1f * (realFirst - realLast));
    }

    private static (float First, float Last) Learn(string form)
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Model(form), new CompileOptions());
        Assert.Equal(2, artifacts.Manifest.Parameters.Count(p => p.Tensor.Name.StartsWith("fc.", StringComparison.Ordinal)));
        using var runner = new StepRunner(artifacts);
        var random = new Random(4);
        var image = new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, 8, 3, 8, 8) };
        Tensor labels = Networks.Labels(random, 3, 8);
        IReadOnlyDictionary<string, Tensor> features = runner.Infer(image);
        var boundary = artifacts.Manifest.Boundary.ToDictionary(b => b.Tensor.Name, b => features[b.Tensor.Name]);
        float[] losses = [.. Enumerable.Range(0, 30).Select(_ => runner.Step(boundary, labels, 0.1f)["loss"].Span<float>()[0])];
        return (losses[0], losses[^1]);
    }

    private static OnnxModel Model(string form)
    {
        var random = new Random(1);
        var graph = new OnnxGraph("quantised");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 3, 8, 8)));
        Value Number<T>(T value)
            where T : unmanaged => graph.AddInitializer(graph.UniqueName("number"), Tensor.Scalar(value));
        Value Op(string op, Value?[] inputs, params (string Name, AttributeValue Value)[] attributes) =>
            graph.AddNode(op, inputs, [graph.UniqueName(op)], attributes.Select(a => KeyValuePair.Create(a.Name, a.Value))).Outputs[0]!;
        Value[] Ops(string domain, string op, int count, Value?[] inputs, params (string Name, AttributeValue Value)[] attributes) =>
            [.. graph.AddNode(op, inputs, Enumerable.Range(0, count).Select(i => graph.UniqueName($"{op}:{i}")), attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)), domain).Outputs.Select(o => o!)];
        sbyte[] weights = [.. Enumerable.Range(0, Channels * 27).Select(_ => (sbyte)random.Next(-100, 100))];
        Value w = graph.AddInitializer("wq", Tensor.Of<sbyte>([Channels, 3, 3, 3], weights));
        Value ws = graph.AddInitializer("ws", Tensor.Vector([.. Enumerable.Repeat(0.005f, Channels)]));
        Value wz = graph.AddInitializer("wz", Tensor.Of<sbyte>([Channels], new sbyte[Channels]));
        (string, AttributeValue) pads = ("pads", AttributeValue.Of(1L, 1L, 1L, 1L)), byChannel = ("axis", AttributeValue.Of(0L));
        Value xs = Number(1 / 64f), xz = Number((byte)128);
        Value c = form switch
        {
            "quantised and back" => Op("Conv", [Op("DequantizeLinear", [Op("QuantizeLinear", [x, xs, xz]), xs, xz]), Op("DequantizeLinear", [w, ws, wz], byChannel)], pads),
            "integer layers" => Op("DequantizeLinear", [Op("QLinearConv", [Op("QuantizeLinear", [x, xs, xz]), xs, xz, w, ws, wz, Number(0.02f), xz], pads), Number(0.02f), xz]),
            "dynamic" => Dynamic(),
            "real" => Op("Conv", [x, graph.AddInitializer("w", Tensor.Of<float>([Channels, 3, 3, 3], Array.ConvertAll(weights, v => v * 0.005f)))], pads),
            _ => Op("Conv", [x, Op("DequantizeLinear", [w, ws, wz], byChannel)], pads),
        };
        Value pooled = Op("Flatten", [Op("GlobalAveragePool", [Op("Relu", [c])])]);
        if (form == "weights of a few bits")
        {
            byte[] packed = [.. Enumerable.Range(0, 16 * 16 / 2).Select(_ => (byte)random.Next(256))];
            pooled = Ops("com.microsoft", "MatMulNBits", 1, [Op("Concat", [pooled, pooled], ("axis", AttributeValue.Of(1L))), graph.AddInitializer("packed", Tensor.Of<byte>([16, 1, 8], packed)), graph.AddInitializer("scales", Tensor.Vector([.. Enumerable.Repeat(0.1f, 16)]))], ("K", AttributeValue.Of(16L)), ("N", AttributeValue.Of(16L)), ("bits", AttributeValue.Of(4L)), ("block_size", AttributeValue.Of(16L)))[0];
        }

        if (form == "dynamic product")
            pooled = Ops("com.microsoft", "DynamicQuantizeMatMul", 1, [pooled, graph.AddInitializer("square", Tensor.Of<sbyte>([Channels, Channels], weights.AsSpan(0, Channels * Channels))), Number(0.01f)])[0];
        graph.AddOutput(Networks.Dense(graph, pooled, "fc", random, form == "weights of a few bits" ? 16 : Channels, 3, "logits"));
        var model = new OnnxModel(graph, Networks.Opset);
        model.OpsetImports = model.OpsetImports.SetItem("com.microsoft", 1);
        return model;

        Value Dynamic()
        {
            Value[] q = Ops("", "DynamicQuantizeLinear", 3, [x]);
            Value product = Op("ConvInteger", [q[0], graph.AddInitializer("wu", Tensor.Of<byte>([Channels, 3, 3, 3], [.. weights.Select(v => (byte)(v + 100))])), q[2], Number((byte)100)], pads);
            return Op("Mul", [Op("Cast", [product], ("to", AttributeValue.Of(1L))), Op("Mul", [q[1], Number(0.005f)])]);
        }
    }
}
