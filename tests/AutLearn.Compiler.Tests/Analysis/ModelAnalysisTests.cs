using AutLearn.Compiler.Analysis;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.Analysis;

/// <summary>What is told of a model is what compiling it does.</summary>
[Trait("Category", "Unit")]
public sealed class ModelAnalysisTests
{
    [Theory]
    [InlineData("mlp", 4)]
    [InlineData("cnn", 12)]
    [InlineData("transposed", 2)]
    [InlineData("tied", 1)]
    [InlineData("stored as integers", 2)]
    [InlineData("computed in integers", 1)]
    [InlineData("operator without rule", 1)]
    public void Parameters_EachByItsName_CompilesAsTold(string name, int count)
    {
        OnnxModel model = Model(name);
        ModelAnalysis analysis = ModelAnalysis.Of(model);
        Assert.Null(analysis.Refusal);
        Assert.Equal(count, analysis.Parameters.Length);
        foreach (ModelParameter parameter in analysis.Parameters)
        {
            var options = new CompileOptions { Trainable = TrainableSelection.Patterns(parameter.Name), Loss = new MeanSquaredLoss() };
            if (parameter.Obstacle is null)
                Assert.Equal([parameter.Name], ModelCompiler.Compile(model, options).Manifest.Parameters.Select(p => p.Tensor.Name));
            else
                Assert.ThrowsAny<AutLearnException>(() => ModelCompiler.Compile(model, options));
        }

        string[] trainable = [.. analysis.Parameters.Where(p => p.Obstacle is null).Select(p => p.Name).Order(StringComparer.Ordinal)];
        if (trainable.Length > 0)
            Assert.Equal(trainable, ModelCompiler.Compile(model, new() { Trainable = TrainableSelection.All, Loss = new MeanSquaredLoss() }).Manifest.Parameters.Select(p => p.Tensor.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Flops_OfALinearMap_AreTwoForEachProduct()
    {
        ModelAnalysis analysis = ModelAnalysis.Of(Networks.Head(6, 5));
        Assert.Equal(2 * 6 * 5, analysis.FlopsOf(Assert.Single(analysis.Model.Graph.Nodes)));
        Assert.Equal(ModelCompiler.Compile(Networks.Head(6, 5), new()).Report.ForwardFlops, analysis.FlopsOf(analysis.Model.Graph.Nodes[0]));
    }

    [Fact]
    public void Of_ModelWithoutBatch_SaysWhyNothingCompiles()
    {
        var graph = new OnnxGraph("scalar");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, Shape.Scalar));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([2], [1, 2]));
        graph.AddOutput(graph.AddNode("Mul", [x, w], ["y"]).Outputs[0]!);
        ModelAnalysis analysis = ModelAnalysis.Of(new OnnxModel(graph, 18));
        Assert.NotNull(analysis.Refusal);
        Assert.Contains(analysis.Refusal, Assert.Single(analysis.Parameters).Obstacle);
    }

    private static OnnxModel Model(string name)
    {
        if (name == "mlp")
            return Networks.Mlp(4, 3, 2);
        if (name == "cnn")
            return Networks.Cnn(2);
        var (graph, random) = (new OnnxGraph("g"), new Random(3));
        Value x = graph.AddInput("x", new TensorType(name == "tied" ? ElementType.Int64 : ElementType.Float32, name == "tied" ? new Shape("N", 3) : new Shape("N", 4)));
        Value Node(string op, Value[] inputs, string output, string domain = "") => graph.AddNode(op, inputs, [output], domain: domain).Outputs[0]!;
        switch (name)
        {
            case "transposed":
                Value w = Node("Transpose", [graph.AddInitializer("w", Networks.Random(random, 1, 3, 4))], "wT");
                graph.AddOutput(Node("Add", [Node("MatMul", [x, w], "p"), graph.AddInitializer("b", Networks.Random(random, 1, 3))], "y"));
                break;
            case "tied":
                Value table = graph.AddInitializer("table", Networks.Random(random, 1, 5, 4));
                graph.AddOutput(Node("MatMul", [Node("Gather", [table, x], "e"), Node("Transpose", [table], "tT")], "y"));
                break;
            case "stored as integers":
                Value real = Node("DequantizeLinear", [graph.AddInitializer("w_int", Tensor.Of<sbyte>([4, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])), graph.AddInitializer("scale", Tensor.Scalar(0.1f))], "w");
                graph.AddOutput(Node("Add", [Node("MatMul", [x, real], "p"), graph.AddInitializer("b", Networks.Random(random, 1, 3))], "y"));
                break;
            case "computed in integers":
                Value[] quantized = [.. graph.AddNode("DynamicQuantizeLinear", [x], ["q", "s", "z"]).Outputs.OfType<Value>()];
                Value product = Node("MatMulInteger", [quantized[0], graph.AddInitializer("w_int", Tensor.Of<sbyte>([4, 3], new sbyte[12])), quantized[2]], "p");
                Value real32 = graph.AddNode("Cast", [product], ["c"], [new("to", AttributeValue.Of((long)ElementType.Float32))]).Outputs[0]!;
                graph.AddOutput(Node("Mul", [real32, quantized[1]], "y"));
                break;
            default:
                graph.AddOutput(Node("Bernoulli", [Node("MatMul", [x, graph.AddInitializer("w", Networks.Random(random, 1, 4, 3))], "p")], "y"));
                break;
        }

        return new OnnxModel(graph, 18);
    }
}
