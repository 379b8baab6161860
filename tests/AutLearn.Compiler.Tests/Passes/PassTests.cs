using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Compiler.Tests.Passes;

[Trait("Category", "Unit")]
public sealed class PassTests
{
    private static readonly Dictionary<string, (IPass Pass, Func<OnnxModel> Model, int NodesAfter)> Cases = new()
    {
        ["dead"] = (new DeadNodeElimination(), WithDeadNodes, 1),
        ["cse"] = (new CommonSubexpressionElimination(), WithTwins, 2),
        ["folding"] = (new ConstantFolding(), WithConstants, 1),
        ["folding-shape"] = (new PassSequence(new ConstantFolding(), new DeadNodeElimination()), WithShapeArithmetic, 1),
        ["constants"] = (new ConstantNodeLifting(), WithConstantNodes, 2),
        ["identities"] = (new IdentityElimination(), WithIdentities, 1),
        ["batch-normalization"] = (new BatchNormalizationFolding(), WithBatchNormalization, 1),
        ["functions"] = (new FunctionInlining(), WithFunction, 3),
        ["update"] = (new PassSequence(new UpdateFusion(), new DeadNodeElimination()), WithUpdate, 3),
        ["update-momentum"] = (new PassSequence(new UpdateFusion(), new DeadNodeElimination()), WithMomentum, 1),
        ["scales"] = (new PassSequence(new ScaleMerging(), new DeadNodeElimination()), WithScales, 4),
        ["scalar-broadcast"] = (new ScalarBroadcastFlattening(), WithScalarBroadcast, 9),
        ["product-scaling"] = (new ProductScaling(), WithScaledProduct, 4),
        ["depth-first"] = (new DepthFirstOrder(), WithEarlyNodes, 5),
        ["reshapes"] = (new PassSequence(new ReshapeMerging(), new DeadNodeElimination()), WithReshapes, 5),
        ["products-of-rows"] = (new PassSequence(new UpdateFusion(), new DeadNodeElimination()), WithProductsOfRows, 2),
        ["weights-first"] = (new WeightsFirstProduct("N", 16), WithFedWeights, 4),
    };

    public static TheoryData<string> Names() => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_ModelThatFits_KeepsResultsAndReportsTruthfully(string name)
    {
        (IPass pass, Func<OnnxModel> create, int nodesAfter) = Cases[name];
        OnnxModel before = create();
        OnnxModel after = create();
        ShapeInference.Infer(after);
        Assert.True(pass.Run(after));
        Assert.Equal(nodesAfter, after.Graph.Nodes.Count);
        ModelChecker.Check(after);
        byte[] once = OnnxFile.ToBytes(after);
        Assert.False(pass.Run(after));
        Assert.Equal(once, OnnxFile.ToBytes(after));
        AssertSameResults(before, after);
    }

    [Theory]
    [InlineData("N", 128)]
    [InlineData("batch", 16)]
    public void WeightsFirst_ManyRows_StayInOneProduct(string batchSymbol, int batchSize)
    {
        OnnxModel model = WithFedWeights();
        ShapeInference.Infer(model);
        Assert.False(new WeightsFirstProduct(batchSymbol, batchSize).Run(model));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_ModelWithNothingToDo_ChangesNothing(string name)
    {
        OnnxModel model = Networks.Mlp(4, 3, 2);
        ShapeInference.Infer(model);
        byte[] before = OnnxFile.ToBytes(model);
        Assert.False(Cases[name].Pass.Run(model));
        Assert.Equal(before, OnnxFile.ToBytes(model));
    }

    [Fact]
    public void Evaluate_HugeResult_IsLeftToTheRuntime()
    {
        var graph = new OnnxGraph("g");
        Value shape = graph.AddInitializer("shape", Tensor.Vector(1L << 20, 1L << 20));
        Node node = graph.AddNode("ConstantOfShape", [shape], ["y"]);
        Assert.Null(ConstantEvaluator.Evaluate(node, 1 << 20));
    }

    [Theory]
    [InlineData("Add", 3f, 4f, 7f)]
    [InlineData("Sub", 3f, 4f, -1f)]
    [InlineData("Mul", 3f, 4f, 12f)]
    [InlineData("Div", 3f, 4f, 0.75f)]
    [InlineData("Min", 3f, 4f, 3f)]
    [InlineData("Max", 3f, 4f, 4f)]
    public void Evaluate_Arithmetic_IsRight(string op, float a, float b, float expected)
    {
        var graph = new OnnxGraph("g");
        Node node = graph.AddNode(op, [graph.AddInitializer("a", Tensor.Scalar(a)), graph.AddInitializer("b", Tensor.Scalar(b))], ["y"]);
        Assert.Equal(expected, ConstantEvaluator.Evaluate(node, 100)!.Span<float>()[0]);
    }

    [Fact]
    public void Evaluate_DivisionByZeroOfIntegers_IsLeftToTheRuntime()
    {
        var graph = new OnnxGraph("g");
        Node node = graph.AddNode("Div", [graph.AddInitializer("a", Tensor.Scalar(1L)), graph.AddInitializer("b", Tensor.Scalar(0L))], ["y"]);
        Assert.Null(ConstantEvaluator.Evaluate(node, 100));
    }

    // Feeds random numbers of the inputs' shapes, taking 3 for a symbol.
    internal static void AssertSameResults(OnnxModel before, OnnxModel after, double tolerance = 1e-5)
    {
        var random = new Random(17);
        var feeds = new Dictionary<string, Tensor>();
        foreach (Value input in before.Graph.Inputs)
            feeds[input.Name] = Networks.Random(random, 1, [.. input.Shape!.Select(d => d.IsKnown ? d.Size : 3)]);
        using var first = new OrtModel(before, GraphOptimizationLevel.ORT_DISABLE_ALL);
        using var second = new OrtModel(after, GraphOptimizationLevel.ORT_DISABLE_ALL);
        IReadOnlyDictionary<string, Tensor> expected = first.Run(feeds), actual = second.Run(feeds);
        Assert.Equal(expected.Keys, actual.Keys);
        foreach ((string name, Tensor tensor) in expected)
        {
            Assert.True(tensor.Dimensions.SequenceEqual(actual[name].Dimensions));
            float[] a = tensor.Span<float>().ToArray(), b = actual[name].Span<float>().ToArray();
            for (int i = 0; i < a.Length; i++)
                Assert.True(Math.Abs(a[i] - b[i]) <= tolerance * Math.Max(1, Math.Abs(a[i])), $"{name}[{i}]: {b[i]} instead of {a[i]}.");
        }
    }

    private static OnnxModel Build(Func<OnnxGraph, Value, Value> build, params Dimension[] shape)
    {
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(shape)));
        Value y = build(graph, x);
        y.Type ??= new TensorType(ElementType.Float32, null);
        graph.AddOutput(y);
        return new OnnxModel(graph, Networks.Opset);
    }

    private static Value Op(OnnxGraph graph, string op, params Value[] inputs) =>
        graph.AddNode(op, inputs, [graph.UniqueName(op)]).Outputs[0]!;

    private static OnnxModel WithDeadNodes() => Build(
        (g, x) =>
        {
            Op(g, "Exp", Op(g, "Neg", x));
            g.AddInitializer("unused", Tensor.Scalar(1f));
            return Op(g, "Relu", x);
        },
        "N", 4);

    private static OnnxModel WithTwins() => Build(
        (g, x) =>
        {
            Value a = Op(g, "Add", x, g.AddInitializer("one", Tensor.Scalar(1f)));
            Value b = Op(g, "Add", x, g.AddInitializer("uno", Tensor.Scalar(1f)));
            return Op(g, "Mul", a, b);
        },
        "N", 4);

    private static OnnxModel WithConstants() => Build(
        (g, x) =>
        {
            Value two = g.AddInitializer("two", Tensor.Scalar(2f));
            Value vector = g.AddInitializer("vector", Tensor.Vector(1f, 2f, 3f, 4f));
            Value half = Op(g, "Reciprocal", two);
            return Op(g, "Mul", x, Op(g, "Sqrt", Op(g, "Mul", vector, half)));
        },
        "N", 4);

    private static OnnxModel WithShapeArithmetic() => Build(
        (g, x) =>
        {
            Value size = Op(g, "Gather", Op(g, "Shape", x), g.AddInitializer("index", Tensor.Vector(1L)));
            Value shape = g.AddNode("Concat", [g.AddInitializer("free", Tensor.Vector(-1L)), size], ["shape"], [new("axis", AttributeValue.Of(0L))]).Outputs[0]!;
            return Op(g, "Reshape", x, shape);
        },
        "N", 4, 2);

    private static OnnxModel WithConstantNodes() => Build(
        (g, x) =>
        {
            Value a = g.AddNode("Constant", [], ["a"], [new("value_float", AttributeValue.Of(2f))]).Outputs[0]!;
            Value b = g.AddNode("Constant", [], ["b"], [new("value", AttributeValue.Of(Tensor.Vector(1f, 2f, 3f, 4f)))]).Outputs[0]!;
            return Op(g, "Add", Op(g, "Mul", x, a), b);
        },
        "N", 4);

    private static OnnxModel WithIdentities() => Build(
        (g, x) =>
        {
            Value dropped = Op(g, "Dropout", Op(g, "Identity", x), g.AddInitializer("ratio", Tensor.Scalar(0.5f)));
            return Op(g, "Identity", Op(g, "Relu", dropped));
        },
        "N", 4);

    private static OnnxModel WithBatchNormalization() => Build(
        (g, x) =>
        {
            var random = new Random(1);
            Value w = g.AddInitializer("w", Networks.Random(random, 1, 3, 2, 3, 3));
            Value b = g.AddInitializer("b", Networks.Random(random, 1, 3));
            return Networks.BatchNormalization(g, Op(g, "Conv", x, w, b), "bn", random, 3);
        },
        "N", 2, 5, 5);

    private static OnnxModel WithFunction()
    {
        var body = new OnnxGraph("body");
        Value a = body.AddInput("a", null);
        Value alpha = body.AddNode("Constant", [], ["alpha"], [new("value_float", AttributeValue.OfReference(AttributeKind.Float, "alpha"))]).Outputs[0]!;
        body.AddOutput(body.AddNode("Mul", [a, alpha], ["r"]).Outputs[0]!);
        var function = new OnnxFunction(
            "own", "Scale", "", System.Collections.Immutable.ImmutableSortedDictionary<string, long>.Empty.Add("", Networks.Opset), ["alpha"], System.Collections.Immutable.ImmutableSortedDictionary<string, AttributeValue>.Empty, body, null);
        OnnxModel model = Build(
            (g, x) => Op(g, "Relu", g.AddNode("Scale", [x], ["scaled"], [new("alpha", AttributeValue.Of(3f))], "own").Outputs[0]!), "N", 4);
        model.Functions = [function];
        model.OpsetImports = model.OpsetImports.Add("own", 1);
        return model;
    }

    private static OnnxModel WithUpdate() => Build(
        (g, x) =>
        {
            Value d = g.AddInput("d", new TensorType(ElementType.Float32, new Shape("N", 2)));
            Value w = g.AddInput("w", new TensorType(ElementType.Float32, new Shape(2, 4)));
            Value rate = g.AddInput("rate", new TensorType(ElementType.Float32, Shape.Scalar));
            Value gradient = g.AddNode("Gemm", [Op(g, "Relu", d), x], ["gradient"], [new("transA", AttributeValue.Of(1L))]).Outputs[0]!;
            return Op(g, "Sub", w, Op(g, "Mul", gradient, rate));
        },
        "N", 4);

    private static OnnxModel WithMomentum() => Build(
        (g, x) =>
        {
            Value d = g.AddInput("d", new TensorType(ElementType.Float32, new Shape("N", 2)));
            Value v = g.AddInput("v", new TensorType(ElementType.Float32, new Shape(2, 4)));
            Value gradient = g.AddNode("Gemm", [d, x], ["gradient"], [new("transA", AttributeValue.Of(1L)), new("alpha", AttributeValue.Of(0.5f))]).Outputs[0]!;
            return Op(g, "Add", Op(g, "Mul", v, g.AddInitializer("mu", Tensor.Scalar(0.9f))), gradient);
        },
        "N", 4);

    // A tenth of a product, which something reads twice; that of another, which may not be scaled, since it is read as it is too.
    private static OnnxModel WithScaledProduct() => Build(
        (g, x) =>
        {
            Value d = g.AddInput("d", new TensorType(ElementType.Float32, new Shape("N", 2)));
            Value tenth = g.AddInitializer("tenth", Tensor.Scalar(0.1f));
            Value share = Op(g, "Mul", g.AddNode("Gemm", [d, x], ["gradient"], [new("transA", AttributeValue.Of(1L)), new("alpha", AttributeValue.Of(0.5f))]).Outputs[0]!, tenth);
            Value other = g.AddNode("Gemm", [x, x], ["other"], [new("transA", AttributeValue.Of(1L))]).Outputs[0]!;
            g.AddOutput(Op(g, "Mul", tenth, other));
            g.AddOutput(other);
            return Op(g, "Mul", share, share);
        },
        "N", 4);

    // The sum of two values that were rows, made rows again; what restores x is x.
    private static OnnxModel WithReshapes() => Build(
        (g, x) =>
        {
            Value rows = g.AddInitializer("rows", Tensor.Vector(-1L, 4L)), cubes = g.AddInitializer("cubes", Tensor.Vector(-1L, 2L, 2L));
            Value sum = Op(g, "Add", Op(g, "Reshape", Op(g, "Sin", x), cubes), Op(g, "Reshape", Op(g, "Exp", Op(g, "Reshape", Op(g, "Reshape", x, cubes), rows)), cubes));
            g.AddOutput(sum);
            return Op(g, "Relu", Op(g, "Reshape", sum, rows));
        },
        "N", 4);

    private static OnnxModel WithProductsOfRows() => Build(
        (g, x) =>
        {
            Value a = g.AddInput("a", new TensorType(ElementType.Float32, new Shape(4, 3))), b = g.AddInput("b", new TensorType(ElementType.Float32, new Shape(4, 3)));
            return Op(g, "Add", Op(g, "Gemm", x, a), Op(g, "Gemm", x, b));
        },
        "N", 4);

    // What the second output alone reads stands before all that the first one reads.
    private static OnnxModel WithEarlyNodes() => Build(
        (g, x) =>
        {
            Value late = Op(g, "Exp", Op(g, "Transpose", x));
            Value result = Op(g, "Relu", x);
            g.AddOutput(Op(g, "MatMul", Op(g, "Sin", result), late));
            return result;
        },
        2, 4);

    // Two operations on values that end in ones, one of them with a symbolic batch; the third has nothing to gain.
    private static OnnxModel WithScalarBroadcast()
    {
        var random = new Random(9);
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 300, 1, 1)));
        Value rate = graph.AddInitializer("rate", Tensor.Scalar(0.25f));
        Value small = graph.AddInitializer("small", Networks.Random(random, 1, 3, 1));
        graph.AddOutput(graph.AddNode("Sub", [rate, x], ["a"]).Outputs[0]!);
        graph.AddOutput(graph.AddNode("Mul", [small, rate], ["c"]).Outputs[0]!);
        graph.AddOutput(graph.AddNode("Mul", [graph.AddNode("Relu", [x], ["r"]).Outputs[0]!, graph.AddInitializer("one", Tensor.Of<float>([1, 1], [3f]))], ["b"]).Outputs[0]!);
        return new OnnxModel(graph, Networks.Opset);
    }

    // x a b, and sum(x a) b where x a b exists
    private static OnnxModel WithScales() => Build(
        (g, x) =>
        {
            Value a = g.AddInput("a", new TensorType(ElementType.Float32, Shape.Scalar));
            Value b = g.AddInput("b", new TensorType(ElementType.Float32, Shape.Scalar));
            Value axes = g.AddInitializer("axes", Tensor.Vector(0L));
            Value scaled = Op(g, "Mul", x, a);
            Value sum = Op(g, "Squeeze", Op(g, "ReduceSum", scaled, axes), axes);
            return Op(g, "Add", Op(g, "Mul", scaled, b), Op(g, "Mul", sum, b));
        },
        "N", 4);

    private static OnnxModel WithFedWeights() => Build(
        (g, x) =>
        {
            Value w = g.AddInput("w", new TensorType(ElementType.Float32, new Shape(2, 4)));
            Value b = g.AddInput("b", new TensorType(ElementType.Float32, new Shape(2)));
            return Op(g, "Relu", g.AddNode("Gemm", [x, w, b], ["gemm"], [new("transB", AttributeValue.Of(1L)), new("alpha", AttributeValue.Of(0.5f))]).Outputs[0]!);
        },
        "N", 4);
}
