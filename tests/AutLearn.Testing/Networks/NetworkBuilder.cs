using AutLearn.Graph;

namespace AutLearn.Testing.Networks;

/// <summary>Builds networks layer by layer with seeded weights (He et al. 2015, arXiv:1502.01852).</summary>
public sealed class NetworkBuilder(string name, long opset, int seed)
{
    private readonly Random _random = new(seed);

    public OnnxGraph Graph { get; } = new(name);

    public OnnxModel Build(Value output)
    {
        Graph.AddOutput(output);
        return new OnnxModel(Graph, opset);
    }

    public Value Op(string op, string output, Value[] inputs, params KeyValuePair<string, AttributeValue>[] attributes) =>
        Graph.AddNode(op, inputs, [output], attributes, name: output).Outputs[0]!;

    public Value Constant(string constant, params long[] values) => Graph.AddInitializer(constant, Tensor.Of<long>([values.Length], values));

    public Value Normal(string parameter, double scale, params long[] sizes)
    {
        float[] values = new float[sizes.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(scale * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
        return Graph.AddInitializer(parameter, Tensor.Of<float>(sizes, values));
    }

    public Value Filled(string parameter, float value, long size)
    {
        float[] values = new float[size];
        Array.Fill(values, value);
        return Graph.AddInitializer(parameter, Tensor.Of<float>([size], values));
    }

    /// <summary>A convolution without bias, batch normalization, and a rectifier if asked for.</summary>
    public Value Convolution(string layer, Value x, int inputs, int outputs, int kernel, int stride, int group, Activation activation)
    {
        Value weight = Normal($"{layer}.weight", Math.Sqrt(2.0 * group / (inputs * kernel * kernel)), outputs, inputs / group, kernel, kernel);
        long pad = kernel / 2;
        Value y = Op(
            "Conv",
            $"{layer}.out",
            [x, weight],
            new("pads", AttributeValue.Of(pad, pad, pad, pad)),
            new("strides", AttributeValue.Of((long)stride, stride)),
            new("group", AttributeValue.Of((long)group)));
        y = Op(
            "BatchNormalization",
            $"{layer}.normal",
            [y, Filled($"{layer}.bn.scale", 1, outputs), Filled($"{layer}.bn.bias", 0, outputs), Filled($"{layer}.bn.mean", 0, outputs), Filled($"{layer}.bn.var", 1, outputs)],
            new KeyValuePair<string, AttributeValue>("epsilon", AttributeValue.Of(1e-5f)));
        return activation == Activation.Relu ? Op("Relu", $"{layer}.relu", [y]) : y;
    }

    public Value Dense(string layer, Value x, int inputs, int outputs) => Op(
        "Gemm",
        $"{layer}.out",
        [x, Normal($"{layer}.weight", 1 / Math.Sqrt(inputs), outputs, inputs), Filled($"{layer}.bias", 0, outputs)],
        new KeyValuePair<string, AttributeValue>("transB", AttributeValue.Of(1L)));
}
