using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Preparation;

/// <summary>Heads as converters write them: shapes computed from other tensors, dictionaries of probabilities, the number of the class alone.</summary>
[Trait("Category", "Unit")]
public sealed class ExporterFormTests
{
    private const int Rows = 3;

    private readonly OnnxGraph _graph = new("exported");
    private readonly Random _random = new(1);

    [Theory]
    [InlineData("tensordot")]
    [InlineData("softmax by hand")]
    [InlineData("slice to 1,000,000,000")]
    [InlineData("format 3")]
    public void Compile_LastLayer_PredictsAsBefore(string form)
    {
        OnnxModel model = Model(form);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new() { LogitsName = form == "softmax by hand" ? "sum" : null });
        Assert.Equal("N", Assert.Single(artifacts.Manifest.Boundary).Tensor.Shape[0]);
        Tensor input = Input(form);
        using var original = new OrtModel(model, GraphOptimizationLevel.ORT_DISABLE_ALL);
        using var runner = new StepRunner(artifacts);
        Tensor expected = original.Run(new Dictionary<string, Tensor> { ["x"] = input })["y"];
        IReadOnlyDictionary<string, Tensor> predicted = runner.Infer(new Dictionary<string, Tensor> { ["x"] = input });
        Assert.Equal(expected.Dimensions.AsEnumerable(), predicted["y"].Dimensions.AsEnumerable());
        for (int i = 0; i < expected.Count; i++)
            Assert.Equal(expected.Span<float>()[i], predicted["y"].Span<float>()[i], 1e-5f);

        BoundarySpec boundary = artifacts.Manifest.Boundary[0];
        Tensor labels = Tensor.Of<long>([.. artifacts.Manifest.Labels.Shape.Select(d => d == "N" ? Rows : long.Parse(d, System.Globalization.CultureInfo.InvariantCulture))], new long[artifacts.Manifest.Labels.Shape.Length == 1 ? Rows : Rows * 5]);
        float[] losses = [.. Enumerable.Range(0, 10).Select(_ => runner.Step(new Dictionary<string, Tensor> { [boundary.Tensor.Name] = predicted[boundary.InferenceOutput!] }, labels, 0.1f)[artifacts.Manifest.LossOutput].Span<float>()[0])];
        Assert.True(losses[^1] < losses[0], string.Join(", ", losses));
    }

    [Fact]
    public void Compile_DictionaryOfProbabilities_GivesTheTensor()
    {
        // As skl2onnx writes a multi-layer perceptron of three classes.
        Value x = _graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(Dimension.Unknown, 4)));
        Value probabilities = Node("Softmax", [Linear(x, 4, 3)], "probabilities");
        Value best = _graph.AddNode("ArgMax", [probabilities], ["best"], [new("axis", AttributeValue.Of(1L))]).Outputs[0]!;
        Value label = _graph.AddNode("ArrayFeatureExtractor", [_graph.AddInitializer("classes", Tensor.Vector<long>(7, 8, 9)), best], ["extracted"], domain: "ai.onnx.ml").Outputs[0]!;
        label = Node("Reshape", [label, _graph.AddInitializer("flat", Tensor.Vector<long>(-1))], "label");
        label.Type = new TensorType(ElementType.Int64, new Shape(Dimension.Unknown));
        _graph.AddOutput(label);
        _graph.AddOutput(_graph.AddNode("ZipMap", [probabilities], ["y"], [new("classlabels_int64s", AttributeValue.Of(7L, 8L, 9L))], domain: "ai.onnx.ml").Outputs[0]!);
        var model = new OnnxModel(_graph, 15);
        model.OpsetImports = model.OpsetImports.SetItem("ai.onnx.ml", 1);

        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new());
        Assert.Equal("scores", artifacts.Manifest.Logits.Name);
        using var runner = new StepRunner(artifacts);
        IReadOnlyDictionary<string, Tensor> predicted = runner.Infer(new Dictionary<string, Tensor> { ["x"] = Networks.Random(_random, 1, Rows, 4) });
        Assert.Equal([Rows, 3L], predicted["y"].Dimensions.AsEnumerable());
        Assert.All(predicted["label"].Span<long>().ToArray(), l => Assert.InRange(l, 7, 9));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Compile_OnlyTheNumberOfTheClass_LearnsByItsScores(bool hasSoftmax, bool isTurned)
    {
        Value x = _graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2, 4)));
        Value scores = Linear(x, 4, 3);
        Value compared = hasSoftmax ? Node("Softmax", [scores], "probabilities") : scores;
        Value best = _graph.AddNode("ArgMax", [compared], ["best"], [new("axis", AttributeValue.Of(-1L)), new("keepdims", AttributeValue.Of(0L))]).Outputs[0]!;
        _graph.AddOutput(isTurned ? _graph.AddNode("Transpose", [best], ["y"], [new("perm", AttributeValue.Of(1L, 0L))]).Outputs[0]! : best);
        Assert.Equal("scores", ModelCompiler.Compile(new OnnxModel(_graph, 18), new()).Manifest.Logits.Name);
    }

    private Tensor Input(string form) => Networks.Random(_random, 1, form == "tensordot" ? [Rows, 5, 4] : [Rows, 4]);

    private OnnxModel Model(string form)
    {
        Value x = _graph.AddInput("x", new TensorType(ElementType.Float32, form == "tensordot" ? new Shape("N", 5, 4) : new Shape("N", 4)));
        Value h = Node("Tanh", [x], "h");
        if (form == "slice to 1,000,000,000")
            h = Node("Slice", [h, Ints("starts", 0, 0), Ints("ends", 1_000_000_000, 1_000_000_000), Ints("axes", 0, 1), Ints("steps", 1, 1)], "sliced");
        if (form == "tensordot")
        {
            // Keras: [N, 5, 4] x [4, 3] as a product of [5 N, 4], with sizes from the shape of what the backbone gives.
            Value shape = Node("Shape", [h], "shape");
            Value free = Node("Gather", [shape, Ints("free", 0, 1)], "free_sizes");
            Value product = Node("ReduceProd", [free], "product");
            product = Node("Reshape", [product, Ints("vector", 1)], "product_vector");
            Value flat = Node("Reshape", [h, _graph.AddNode("Concat", [product, Ints("width", 4)], ["flat_shape"], [new("axis", AttributeValue.Of(0L))]).Outputs[0]!], "flat");
            Value back = _graph.AddNode("Concat", [free, Ints("classes", 3)], ["back_shape"], [new("axis", AttributeValue.Of(0L))]).Outputs[0]!;
            _graph.AddOutput(Node("Reshape", [Linear(flat, 4, 3), back], "y"));
        }
        else if (form == "softmax by hand")
        {
            // JAX: each step reshapes and expands to sizes that come from the input's shape.
            Value sum = Node("Add", [Linear(h, 4, 3), _graph.AddInitializer("b", Networks.Random(_random, 1, 1, 3))], "sum");
            Value column = _graph.AddNode("Concat", [Node("Slice", [Node("Shape", [x], "shape"), Ints("from", 0), Ints("to", 1)], "rows"), Ints("one", 1)], ["column"], [new("axis", AttributeValue.Of(0L))]).Outputs[0]!;
            Value Spread(Value value, string name) => Node("Expand", [Node("Reshape", [value, column], $"{name}_column"), column], name);
            Value largest = _graph.AddNode("ReduceMax", [sum], ["largest"], [new("axes", AttributeValue.Of(new long[] { 1 })), new("keepdims", AttributeValue.Of(0L))]).Outputs[0]!;
            Value exp = Node("Exp", [Node("Sub", [sum, Spread(largest, "largest_spread")], "shifted")], "exp");
            Value total = _graph.AddNode("ReduceSum", [exp, Ints("last", 1)], ["total"], [new("keepdims", AttributeValue.Of(0L))]).Outputs[0]!;
            _graph.AddOutput(Node("Div", [exp, Spread(total, "total_spread")], "y"));
        }
        else
        {
            _graph.AddOutput(Node("Identity", [Linear(h, 4, 3)], "y"));
        }

        return new OnnxModel(_graph, 15) { IrVersion = form == "format 3" ? 3 : 8 };
    }

    private Value Linear(Value x, int inputs, int outputs) => Node("MatMul", [x, _graph.AddInitializer("w", Networks.Random(_random, 1, inputs, outputs))], "scores");

    private Value Node(string op, Value[] inputs, string output) => _graph.AddNode(op, inputs, [output]).Outputs[0]!;

    private Value Ints(string name, params long[] values) => _graph.AddInitializer(name, Tensor.Vector<long>(values));
}
