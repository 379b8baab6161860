using AutLearn.Graph;
using AutLearn.Testing.Networks;

namespace AutLearn.Testing.Hostile;

/// <summary>Small sound models of many operators, to be damaged. Each has scores with the batch first.</summary>
public static class FuzzSeeds
{
    private const long Opset = 18;

    public static IReadOnlyList<OnnxModel> All { get; } =
        [Images(), Planes(), Sequences("LSTM", 4), Sequences("GRU", 3), Sequences("RNN", 1), Attention(), Elementwise(), Movement(), Shapes(), Functions(), TransformerEncoder.Create(8, 3, 8, 3)];

    /// <summary>Gets models of operators that came later: a case's number must go on meaning the same model.</summary>
    public static IReadOnlyList<OnnxModel> Rare { get; } = [Sampled(), Scattered(), Quantised(), Looped(), Heads()];

    private static OnnxModel Images() => Of([1, 6, 6], b =>
    {
        Value x = b.Op("Conv", [b.X, b.Weight(4, 1, 3, 3), b.Weight(4)], ("pads", AttributeValue.Of(1L, 1L, 1L, 1L)), ("strides", AttributeValue.Of(2L, 2L)));
        x = b.Op("BatchNormalization", [x, b.Weight(4), b.Weight(4), b.Weight(4), b.Ones(4)]);
        x = b.Op("Relu", [x]);
        x = b.Op("Conv", [x, b.Weight(4, 1, 3, 3)], ("group", AttributeValue.Of(4L)), ("pads", AttributeValue.Of(1L, 1L, 1L, 1L)));
        x = b.Op("MaxPool", [x], ("kernel_shape", AttributeValue.Of(2L, 2L)));
        return b.Op("Flatten", [b.Op("GlobalAveragePool", [x])]);
    });

    private static OnnxModel Planes() => Of([2, 8, 8], b =>
    {
        Value x = b.Op("ConvTranspose", [b.X, b.Weight(2, 2, 2, 2)], ("strides", AttributeValue.Of(2L, 2L)));
        x = b.Op("AveragePool", [x], ("kernel_shape", AttributeValue.Of(3L, 3L)), ("strides", AttributeValue.Of(2L, 2L)), ("ceil_mode", AttributeValue.Of(1L)));
        x = b.Op("Resize", [x, null, b.Constant(Tensor.Vector(1f, 1f, 0.5f, 0.5f))], ("mode", AttributeValue.Of("nearest")));
        x = b.Op("Pad", [x, b.Ints(0, 0, 1, 1, 0, 0, 1, 1)]);
        x = b.Op("InstanceNormalization", [x, b.Weight(2), b.Weight(2)]);
        return b.Op("Flatten", [b.Op("ReduceMean", [x, b.Ints(2, 3)])]);
    });

    private static OnnxModel Sequences(string op, int gates) => Of([5, 3], b =>
    {
        Value x = b.Op("Transpose", [b.X], ("perm", AttributeValue.Of(1L, 0L, 2L)));
        Value[] outputs = b.Ops(op, 2, [x, b.Weight(1, gates * 4, 3), b.Weight(1, gates * 4, 4), b.Weight(1, gates * 8)], ("hidden_size", AttributeValue.Of(4L)));
        return b.Op("Squeeze", [outputs[1], b.Ints(0)]);
    });

    private static OnnxModel Attention() => Of([4, 6], b =>
    {
        Value q = b.Op("MatMul", [b.X, b.Weight(6, 6)]), k = b.Op("Transpose", [b.Op("MatMul", [b.X, b.Weight(6, 6)])], ("perm", AttributeValue.Of(0L, 2L, 1L)));
        Value x = b.Op("MatMul", [b.Op("Softmax", [b.Op("Mul", [b.Op("MatMul", [q, k]), b.Constant(Tensor.Scalar(0.4f))])], ("axis", AttributeValue.Of(-1L))), b.X]);
        x = b.Op("LayerNormalization", [x, b.Weight(6), b.Weight(6)], ("axis", AttributeValue.Of(-1L)));
        x = b.Op("Einsum", [x, b.Weight(6, 5)], ("equation", AttributeValue.Of("nth,hk->ntk")));
        return b.Op("ReduceSum", [x, b.Ints(1)], ("keepdims", AttributeValue.Of(0L)));
    });

    private static OnnxModel Elementwise() => Of([6], b =>
    {
        Value x = b.Op("Gemm", [b.X, b.Weight(6, 6), b.Weight(6)], ("transB", AttributeValue.Of(1L)));
        foreach (string op in (string[])["Tanh", "Sigmoid", "Exp", "Abs", "Softplus", "Elu", "Erf", "LeakyRelu", "Neg"])
            x = b.Op(op, [x]);
        x = b.Op("Where", [b.Op("Less", [x, b.X]), x, b.Op("Max", [x, b.X, b.Weight(6)])]);
        x = b.Op("Div", [b.Op("Pow", [x, b.Constant(Tensor.Scalar(2f))]), b.Op("Sum", [b.Weight(6), b.X, b.Ones(6)])]);
        return b.Op("PRelu", [b.Op("Clip", [x, b.Constant(Tensor.Scalar(-9f)), b.Constant(Tensor.Scalar(9f))]), b.Weight(1)]);
    });

    private static OnnxModel Movement() => Of([4, 6], b =>
    {
        Value x = b.Op("Add", [b.X, b.Weight(4, 6)]);
        Value[] parts = b.Ops("Split", 2, [x, b.Ints(2, 2)], ("axis", AttributeValue.Of(1L)));
        x = b.Op("Concat", [parts[1], parts[0], b.Op("Slice", [x, b.Ints(1), b.Ints(3), b.Ints(1)])], ("axis", AttributeValue.Of(1L)));
        x = b.Op("Gather", [x, b.Ints(0, 2, 5)], ("axis", AttributeValue.Of(1L)));
        x = b.Op("Tile", [x, b.Ints(1, 2, 1)]);
        x = b.Op("Expand", [b.Op("Unsqueeze", [x, b.Ints(1)]), b.Ints(1, 2, 1, 1)]);
        x = b.Op("ReduceMax", [x, b.Ints(1, 2)], ("keepdims", AttributeValue.Of(0L)));
        return b.Op("CumSum", [x, b.Constant(Tensor.Scalar(1L))]);
    });

    private static OnnxModel Shapes() => Of([2, 6], b =>
    {
        Value shape = b.Op("Shape", [b.X]);
        Value rows = b.Op("Gather", [shape, b.Constant(Tensor.Scalar(0L))]);
        Value size = b.Op("Mul", [b.Op("Gather", [shape, b.Constant(Tensor.Scalar(1L))]), b.Constant(Tensor.Scalar(6L))]);
        Value target = b.Op("Concat", [b.Op("Unsqueeze", [rows, b.Ints(0)]), b.Op("Unsqueeze", [size, b.Ints(0)])], ("axis", AttributeValue.Of(0L)));
        Value x = b.Op("Reshape", [b.X, target]);
        Value zeros = b.Op("ConstantOfShape", [b.Op("Shape", [x])]);
        x = b.Op("Add", [x, b.Op("Cast", [zeros], ("to", AttributeValue.Of((long)ElementType.Float32)))]);
        Value positions = b.Op("Cast", [b.Op("Range", [b.Constant(Tensor.Scalar(0L)), size, b.Constant(Tensor.Scalar(1L))])], ("to", AttributeValue.Of((long)ElementType.Float32)));
        return b.Op("Add", [x, positions]);
    });

    private static OnnxModel Sampled() => Of([2, 6, 6], b =>
    {
        Value x = b.Op("Conv", [b.X, b.Weight(4, 2, 1, 1)]);
        x = b.Op("LRN", [x], ("size", AttributeValue.Of(3L)));
        x = b.Op("LpPool", [x], ("kernel_shape", AttributeValue.Of(2L, 2L)), ("strides", AttributeValue.Of(2L, 2L)), ("p", AttributeValue.Of(3L)));
        x = b.Op("Resize", [x, null, null, b.Ints(5, 4)], ("mode", AttributeValue.Of("cubic")), ("axes", AttributeValue.Of(2L, 3L)), ("antialias", AttributeValue.Of(1L)));
        x = b.Op("CenterCropPad", [x, b.Ints(6, 3)], ("axes", AttributeValue.Of(2L, 3L)));
        Value grid = b.Op("Tanh", [b.Op("Transpose", [b.Op("Conv", [x, b.Weight(2, 4, 1, 1)])], ("perm", AttributeValue.Of(0L, 2L, 3L, 1L)))]);
        x = b.Op("GridSample", [x, grid], ("mode", AttributeValue.Of("bilinear")), ("padding_mode", AttributeValue.Of("reflection")));
        x = b.Op("Col2Im", [b.Op("Reshape", [x, b.Ints(0, 4, 18)]), b.Ints(7, 4), b.Ints(2, 2)]);
        return b.Op("Flatten", [b.Op("GlobalLpPool", [x])]);
    });

    private static OnnxModel Scattered() => Of([3, 3], b =>
    {
        Value x = b.Op("MatMul", [b.X, b.Weight(3, 3)]);
        x = b.Op("ScatterElements", [x, b.Op("Expand", [b.Ints(1), b.Op("Shape", [x])]), x], ("axis", AttributeValue.Of(2L)), ("reduction", AttributeValue.Of("mul")));
        x = b.Op("Compress", [x, b.Constant(Tensor.Vector(true, false, true))], ("axis", AttributeValue.Of(1L)));
        x = b.Op("Reshape", [x, b.Ints(0, 2, 3)]);
        Value det = b.Op("Det", [b.Op("MatMul", [b.Op("Transpose", [x], ("perm", AttributeValue.Of(0L, 2L, 1L))), x])]);
        Value prod = b.Op("ReduceProd", [x, b.Ints(2)], ("keepdims", AttributeValue.Of(0L)));
        Value wave = b.Op("ReduceSum", [b.Op("DFT", [b.Op("Unsqueeze", [x, b.Ints(3)])], ("axis", AttributeValue.Of(2L)), ("onesided", AttributeValue.Of(1L))), b.Ints(2, 3)], ("keepdims", AttributeValue.Of(0L)));
        Value all = b.Op("Concat", [prod, wave, b.Op("Unsqueeze", [det, b.Ints(1)])], ("axis", AttributeValue.Of(1L)));
        return b.Op("LpNormalization", [b.Op("Mod", [all, b.Weight(1)], ("fmod", AttributeValue.Of(1L)))]);
    });

    private static OnnxModel Quantised() => Of([4], b =>
    {
        Value x = b.Op("Gemm", [b.X, b.Weight(4, 4)]);
        Value scale = b.Constant(Tensor.Scalar(0.1f)), zero = b.Constant(Tensor.Scalar((byte)128));
        Value weights = b.Constant(Tensor.Of<sbyte>([4, 4], [.. Enumerable.Range(-8, 16).Select(i => (sbyte)i)])), none = b.Constant(Tensor.Scalar((sbyte)0));
        Value q = b.Op("QLinearMatMul", [b.Op("QuantizeLinear", [x, scale, zero]), scale, zero, weights, scale, none, scale, zero]);
        x = b.Op("DequantizeLinear", [b.Op("Transpose", [b.Op("Reshape", [q, b.Ints(-1, 2, 2)])], ("perm", AttributeValue.Of(0L, 2L, 1L))), scale, zero]);
        Value[] dynamic = b.Ops("DynamicQuantizeLinear", 3, [b.Op("Flatten", [x])]);
        Value product = b.Op("Cast", [b.Op("MatMulInteger", [dynamic[0], weights, dynamic[2], none])], ("to", AttributeValue.Of(1L)));
        return b.Op("Mul", [product, dynamic[1]]);
    });

    private static OnnxModel Looped() => Of([5, 3], b =>
    {
        var row = new TensorType(ElementType.Float32, new Shape(Dimension.Unknown, 3));
        var body = new OnnxGraph("body", b.Graph);
        Value s = body.AddInput("s", row), t = body.AddInput("t", row);
        Value sum = body.AddNode("Add", [s, t], ["sum"]).Outputs[0]!;
        body.AddOutput(body.AddNode("Tanh", [sum], ["bounded"]).Outputs[0]!);
        body.AddOutput(body.AddNode("Identity", [sum], ["kept"]).Outputs[0]!);
        Value x = b.Op("Add", [b.X, b.Weight(5, 3)]);
        Value[] y = b.Ops("Scan", 2, [b.Op("Squeeze", [b.Op("Slice", [x, b.Ints(0), b.Ints(1), b.Ints(1)]), b.Ints(1)]), x], ("body", AttributeValue.Of(body)), ("num_scan_inputs", AttributeValue.Of(1L)), ("scan_input_axes", AttributeValue.Of([1L])), ("scan_output_axes", AttributeValue.Of([1L])));
        y[0].Type = new TensorType(ElementType.Float32, new Shape("N", 3));
        Value parts = b.Op("SplitToSequence", [y[0], b.Constant(Tensor.Scalar(1L))], ("axis", AttributeValue.Of(1L)));
        Value last = b.Op("SequenceAt", [parts, b.Constant(Tensor.Scalar(-1L))]);
        last.Type = new TensorType(ElementType.Float32, new Shape("N", 1));
        return b.Op("Add", [y[0], last]);
    });

    private static OnnxModel Heads() => Of(
        [4, 12],
        b =>
        {
            Value q = b.Op("MatMul", [b.X, b.Weight(12, 12)]), k = b.Op("MatMul", [b.X, b.Weight(12, 6)]);
            Value x = b.Op("Attention", [q, k, k], ("q_num_heads", AttributeValue.Of(2L)), ("kv_num_heads", AttributeValue.Of(1L)), ("is_causal", AttributeValue.Of(1L)), ("softcap", AttributeValue.Of(2f)));
            x = b.Op("RotaryEmbedding", [x, b.Weight(4, 3), b.Weight(4, 3), b.Constant(Tensor.Of<long>([1, 4], [0, 1, 2, 3]))], ("num_heads", AttributeValue.Of(2L)));
            x = b.Op("RMSNormalization", [b.Op("Swish", [x]), b.Weight(12)]);
            return b.Op("ReduceMean", [x, b.Ints(1)], ("keepdims", AttributeValue.Of(0L)));
        },
        24);

    private static OnnxModel Functions()
    {
        OnnxModel model = HostileModels.NestedFunctions(2, 2);
        model.Graph.Nodes[^1].Outputs[0]!.Type = null;
        return model;
    }

    private static OnnxModel Of(long[] sample, Func<Builder, Value> build, long opset = Opset)
    {
        var builder = new Builder(sample);
        Value features = build(builder);
        int width = (int)(Inferred(builder, features, opset)[^1]);
        Value logits = builder.Op("MatMul", [features, builder.Weight(width, 3)]);
        builder.Graph.AddOutput(logits);
        builder.Graph.AddOutput(builder.Op("Softmax", [logits]));
        return new OnnxModel(builder.Graph, opset);
    }

    private static long[] Inferred(Builder builder, Value value, long opset)
    {
        var model = new OnnxModel(builder.Graph, opset);
        AutLearn.Graph.Inference.ShapeInference.Infer(model);
        return [.. value.Shape!.Select(d => d.IsKnown ? d.Size : -1)];
    }

    private sealed class Builder
    {
        private readonly Random _random = new(7);

        public Builder(long[] sample) => X = Graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(["N", .. sample.Select(Dimension.Of)])));

        public OnnxGraph Graph { get; } = new("seed");

        public Value X { get; }

        public Value Weight(params long[] sizes) => Constant(Tensor.Of<float>(sizes, [.. Enumerable.Range(0, (int)sizes.Aggregate(1L, (a, b) => a * b)).Select(_ => _random.NextSingle())]));

        public Value Ones(int count) => Constant(Tensor.Vector<float>([.. Enumerable.Repeat(1f, count)]));

        public Value Ints(params long[] values) => Constant(Tensor.Vector<long>(values));

        public Value Constant(Tensor tensor) => Graph.AddInitializer(Graph.UniqueName("c"), tensor);

        public Value Op(string op, Value?[] inputs, params (string Name, AttributeValue Value)[] attributes) => Ops(op, 1, inputs, attributes)[0];

        public Value[] Ops(string op, int outputs, Value?[] inputs, params (string Name, AttributeValue Value)[] attributes)
        {
            string[] names = [.. Enumerable.Range(0, outputs).Select(i => Graph.UniqueName($"{op}:{i}"))];
            Node node = Graph.AddNode(op, inputs, names, attributes.Select(a => KeyValuePair.Create(a.Name, a.Value)));
            return [.. node.Outputs.Select(o => o!)];
        }
    }
}
