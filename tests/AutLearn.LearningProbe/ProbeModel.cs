using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;

namespace AutLearn.LearningProbe;

/// <summary>A small network with dropout, so that a wrong seed after a restart would show in the parameters.</summary>
internal static class ProbeModel
{
    public const int Inputs = StormProfile.Inputs;
    public const int Classes = StormProfile.Classes;

    private const int Hidden = 24;

    /// <summary>Compiles the model unless it stands there whole.</summary>
    public static string WriteOnce(string path)
    {
        if (File.Exists(path))
            return path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = Path.Combine(Path.GetDirectoryName(path)!, $"{Guid.NewGuid():N}.autlearn");
        ModelCompiler.Compile(Create(), new CompileOptions
        {
            ModelName = "probe",
            Trainable = TrainableSelection.Patterns("head*"),
            Optimizer = new AdamOptimizer(),
        }).SavePackage(temporary);
        File.Move(temporary, path, overwrite: true);
        return path;
    }

    private static OnnxModel Create()
    {
        var random = new Random(3);
        var graph = new OnnxGraph("probe");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", Inputs)));
        x = Dense("backbone", x, Inputs, Hidden);
        x = Dense("head1", x, Hidden, Hidden);
        x = graph.AddNode("Dropout", [x, graph.AddInitializer("ratio", Tensor.Scalar(0.2f))], ["dropped"]).Outputs[0]!;
        graph.AddOutput(Linear("head2", x, Hidden, Classes));
        return new OnnxModel(graph, 18);

        Value Dense(string name, Value input, int inputs, int outputs) =>
            graph.AddNode("Relu", [Linear(name, input, inputs, outputs)], [$"{name}.relu"]).Outputs[0]!;

        Value Linear(string name, Value input, int inputs, int outputs)
        {
            float[] weight = new float[inputs * outputs];
            for (int i = 0; i < weight.Length; i++)
                weight[i] = (random.NextSingle() - 0.5f) * 0.8f;
            Value w = graph.AddInitializer($"{name}.weight", Tensor.Of<float>([outputs, inputs], weight));
            Value b = graph.AddInitializer($"{name}.bias", Tensor.Of<float>([outputs], new float[outputs]));
            return graph.AddNode("Gemm", [input, w, b], [$"{name}.out"], [KeyValuePair.Create("transB", AttributeValue.Of(1L))]).Outputs[0]!;
        }
    }
}
