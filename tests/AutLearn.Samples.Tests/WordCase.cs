using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Samples.Keyboard;

namespace AutLearn.Samples.Tests;

/// <summary>A keyboard of a few words with an untrained network whose last layer learns.</summary>
internal sealed class WordCase : IDisposable
{
    private static readonly string[] Words = ["the", "cat", "dog", "sat", "ran", "on", "mat", "don't", "done", "and"];

    private readonly TemporaryFolder _folder = new();

    public WordCase() => ModelCompiler.Compile(Network(Words.Length + Vocabulary.Reserved), new CompileOptions
    {
        ModelName = "words",
        Trainable = TrainableSelection.LastLayers(1),
        Optimizer = new AdamOptimizer(),
        Classes = [.. Vocabulary.ReservedNames, .. Words],
        Defaults = new TrainingDefaults(0.05, 16, 1),
    }).SavePackage(Package);

    public string Package => _folder.File("words.autlearn");

    public string Profile => Path.Combine(_folder.Path, "profile");

    public Task<RunningApp> StartAsync()
    {
        var keyboard = new WordKeyboard(new KeyboardOptions { Package = Package, Profile = Profile });
        return RunningApp.StartAsync(KeyboardApp.Create(keyboard, port: 0), keyboard);
    }

    public void Dispose() => _folder.Dispose();

    private static OnnxModel Network(int words)
    {
        const int Embedding = 8;
        const int Context = Vocabulary.ContextLength * Embedding;
        var random = new Random(6);
        var graph = new OnnxGraph("words");
        Value x = graph.AddInput("words", new TensorType(ElementType.Int64, new Shape("N", Vocabulary.ContextLength)));
        x = graph.AddNode("Gather", [Weights("embedding", words, Embedding), x], ["embedded"], name: "embed").Outputs[0]!;
        x = graph.AddNode("Reshape", [x, graph.AddInitializer("context_shape", Tensor.Vector<long>([-1, Context]))], ["context"], name: "join").Outputs[0]!;
        x = graph.AddNode("Tanh", [x], ["features"], name: "tanh").Outputs[0]!;
        graph.AddOutput(graph.AddNode("Gemm", [x, Weights("scores.weight", Context, words), graph.AddInitializer("scores.bias", Tensor.Of<float>([words], new float[words]))], ["scores"], name: "classifier").Outputs[0]!);
        return new OnnxModel(graph, 18) { IrVersion = 8 };

        Value Weights(string name, int rows, int columns)
        {
            float[] values = new float[rows * columns];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)((random.NextDouble() * 2) - 1);
            return graph.AddInitializer(name, Tensor.Of<float>([rows, columns], values));
        }
    }
}
