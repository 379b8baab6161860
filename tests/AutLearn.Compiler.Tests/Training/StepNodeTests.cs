using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing.Networks;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Starting a node costs as much as a thousand numbers, so small networks take as long as they have nodes.</summary>
[Trait("Category", "Unit")]
public sealed class StepNodeTests
{
    public static TheoryData<string, Optimizer, int> Cases => new()
    {
        // A vector of biases more is no node more, a matrix of its own a dozen.
        { "mlp", new AdamWOptimizer(), 91 },
        { "mlp", new AdamOptimizer(), 86 },
        { "mlp", new SgdOptimizer(), 39 },
        { "transformer", new AdamWOptimizer(), 613 },
        { "transformer", new SgdOptimizer(), 615 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Compile_Step_HasFewNodes(string network, Optimizer optimizer, int most)
    {
        OnnxModel model = network == "mlp" ? Networks.Mlp(8, 16, 4) : TransformerEncoder.Create(words: 50, length: 8, width: 16, classes: 5);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions { Trainable = TrainableSelection.All, Optimizer = optimizer });
        Assert.InRange(artifacts.TrainStep.Graph.Nodes.Count, 1, most);
    }

    [Fact]
    public void Compile_SmallTensors_ShareTheirUpdate()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(
            TransformerEncoder.Create(words: 50, length: 8, width: 16, classes: 5), new CompileOptions { Trainable = TrainableSelection.All, Optimizer = new AdamWOptimizer() });
        OnnxGraph step = artifacts.TrainStep.Graph;
        int matrices = artifacts.Manifest.Parameters.Select(p => string.Join('x', p.Tensor.Shape.Skip(1))).Distinct().Count();

        // One root for each group, and one of the optimizer's scalars.
        Assert.Equal(matrices + 1, step.Nodes.Count(n => n.Is("Sqrt")));
        foreach (StateSpec state in artifacts.Manifest.OptimizerState)
        {
            Assert.Equal(state.Tensor.Shape, TensorDescriptionOf(step.Find(state.Tensor.Name)!));
            Assert.Equal(state.Tensor.Shape, TensorDescriptionOf(step.Find(state.UpdatedOutput)!));
        }
    }

    [Fact]
    public void Compile_LargeTensors_KeepAnUpdateOfTheirOwn()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Networks.Mlp(128, 128, 128), new CompileOptions { Trainable = TrainableSelection.All, Optimizer = new AdamOptimizer() });
        Assert.Equal(4, artifacts.TrainStep.Graph.Nodes.Count(n => n.Is("Sqrt")));
        Assert.Equal(3, artifacts.TrainStep.Graph.Nodes.Count(n => n.Is("Split")));
    }

    [Fact]
    public void Compile_MoreDropouts_ShareTheArithmeticOfTheSeed()
    {
        Assert.InRange(NodesWith(dropouts: 4) - NodesWith(dropouts: 2), 1, 2 * 27);

        static int NodesWith(int dropouts)
        {
            var graph = new OnnxGraph("dropouts");
            Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 8)));
            x = Networks.Dense(graph, x, "fc1", new Random(1), 8, 8, "hidden");
            for (int i = 0; i < dropouts; i++)
                x = graph.AddNode("Dropout", [x], [$"dropped{i}"]).Outputs[0]!;
            graph.AddOutput(Networks.Dense(graph, x, "fc2", new Random(2), 8, 4, "logits"));
            return ModelCompiler.Compile(new OnnxModel(graph, Networks.Opset), new CompileOptions { Trainable = TrainableSelection.All, TrainingDropout = true }).TrainStep.Graph.Nodes.Count;
        }
    }

    private static IEnumerable<string> TensorDescriptionOf(Value value) => value.Shape!.Select(d => d.ToString());
}
