using AutLearn.Benchmarks.OfficialEngine;
using AutLearn.Cloud.Demo;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Testing.Networks;

namespace AutLearn.Benchmarks.LivingRuntimes;

/// <summary>A network whose step every living ONNX Runtime is given.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">Its size in words.</param>
/// <param name="Classes">How many it tells apart.</param>
/// <param name="Create">Builds it; its one input has the batch first.</param>
/// <param name="Trainable">What is trained.</param>
internal sealed record LivingNetwork(string Name, string Description, int Classes, Func<OnnxModel> Create, TrainableSelection Trainable)
{
    // The newest that the oldest of the runtimes reads.
    private const long Opset = 18;

    private const int Length = 12;
    private const int Width = 16;
    private const int Hidden = 24;

    public static IReadOnlyList<LivingNetwork> All { get; } =
    [
        new("handwriting", "the tool's demo network: four convolutions and two dense layers over 28x28 pixels", 62, DemoModel.Read, TrainableSelection.All),
        new("LSTM", $"{Length} positions of {Width}, an LSTM of {Hidden}, its last state to a dense layer", 5, Lstm, TrainableSelection.All),
        new("transformer", $"in opset 20; {EngineNetwork.All[^1].Description}", EngineNetwork.Classes, EngineNetwork.All[^1].Create, EngineNetwork.All[^1].Trainable),
    ];

    private static OnnxModel Lstm()
    {
        var net = new NetworkBuilder("lstm", Opset, seed: 1);
        Value x = net.Graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", Length, Width)));
        x = net.Op("Transpose", "by_time", [x], new KeyValuePair<string, AttributeValue>("perm", AttributeValue.Of(1L, 0L, 2L)));
        Value[] inputs =
        [
            x,
            net.Normal("lstm.weight", 1 / Math.Sqrt(Width), 1, 4 * Hidden, Width),
            net.Normal("lstm.recurrence", 1 / Math.Sqrt(Hidden), 1, 4 * Hidden, Hidden),
            net.Normal("lstm.bias", 0.1, 1, 8 * Hidden),
        ];
        Value states = net.Op("LSTM", "states", inputs, new KeyValuePair<string, AttributeValue>("hidden_size", AttributeValue.Of((long)Hidden)));
        Value last = net.Op("Gather", "last", [states, net.Graph.AddInitializer("end", Tensor.Scalar(Length - 1L))]);
        return net.Build(net.Dense("fc", net.Op("Squeeze", "state", [last, net.Constant("direction", 0)]), Hidden, 5));
    }
}
