using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Testing.Gradients;

namespace AutLearn.Compiler.Tests.Gradients;

[Trait("Category", "Unit")]
public sealed class ReverseDifferentiationTests
{
    private static readonly TensorType Matrix = new(ElementType.Float32, new Shape("batch", 4));

    [Fact]
    public void Differentiate_SeveralUnsupportedNodes_NamesAllAtOnce()
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        Value x = model.Graph.AddInput("x", Matrix);
        Value y = graph.Op("STFT", [x]);
        y.Type = Matrix;
        Value z = graph.Op("TfIdfVectorizer", [y]);
        z.Type = Matrix;
        Value loss = graph.Op("ReduceSum", [z], ("keepdims", AttributeValue.Of(0L)));

        var error = Assert.Throws<UnsupportedGradientException>(() =>
            new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x]));

        Assert.Equal(["'STFT' (STFT, opset 21)", "'TfIdfVectorizer' (TfIdfVectorizer, opset 21)"], error.Nodes.ToArray());
        Assert.Contains("Freeze the parameters", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ScatterND")]
    [InlineData("ScatterElements")]
    public void Differentiate_ScatterWithUnknownReduction_SaysWhich(string op)
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        Value x = model.Graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(4, 4)));
        Value indices = model.Graph.AddInput("indices", new TensorType(ElementType.Int64, new Shape(2, 1)));
        Value updates = model.Graph.AddInput("updates", new TensorType(ElementType.Float32, op == "ScatterND" ? new Shape(2, 4) : new Shape(2, 1)));
        Value y = graph.Op(op, [x, indices, updates], ("reduction", AttributeValue.Of("xor")));
        Value loss = graph.Op("ReduceSum", [y], ("keepdims", AttributeValue.Of(0L)));

        var error = Assert.Throws<UnsupportedGradientException>(() =>
            new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x]));

        Assert.Contains("reduction 'xor'", error.Message, StringComparison.Ordinal);
    }

    // Sizes of 0 would copy those of the gradient, which stand elsewhere.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Differentiate_ReshapeOfEmptyTensor_HasItsShape(bool isSymbolic)
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        Value x = model.Graph.AddInput("x", new TensorType(ElementType.Float32, isSymbolic ? new Shape("a", "b", "c") : new Shape(2, 0, 3)));
        Value target = isSymbolic ? model.Graph.AddInput("target", new TensorType(ElementType.Int64, new Shape(3))) : graph.Constant(Tensor.Vector(3L, 0L, 4L));
        Value y = graph.Op("Reshape", [x, target], ("allowzero", AttributeValue.Of(1L)));
        Value loss = graph.Op("ReduceSum", [graph.Op("Mul", [y, y])], ("keepdims", AttributeValue.Of(0L)));
        Value gradient = new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x])[x];
        model.Graph.AddOutput(gradient);
        model.Graph.SortTopologically();
        using var ort = new OrtModel(model, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_DISABLE_ALL);

        Tensor result = ort.Run(new Dictionary<string, Tensor> { ["x"] = Tensor.Of<float>([2, 0, 3], []), ["target"] = Tensor.Vector(3L, 0L, 4L) })[gradient.Name];

        Assert.Equal([2, 0, 3], result.Dimensions.ToArray());
    }

    // Each loop is short, but all together they would make a graph without end of a small file.
    [Fact]
    public void Differentiate_ManyLoops_AreBoundedTogether()
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        var type = new TensorType(ElementType.Float32, new Shape(4));
        Value x = model.Graph.AddInput("x", type), y = x, steps = graph.Constant(Tensor.Scalar(200L)), yes = graph.Constant(Tensor.Scalar(true));
        for (int i = 0; i < 100; i++)
        {
            var body = new OnnxGraph($"body{i}", model.Graph);
            body.AddInput($"step{i}", new TensorType(ElementType.Int64, Shape.Scalar));
            Value on = body.AddInput($"on{i}", new TensorType(ElementType.Bool, Shape.Scalar)), state = body.AddInput($"state{i}", type);
            body.AddOutput(on);
            for (int k = 0; k < 20; k++)
                (state = body.AddNode("Tanh", [state], [$"tanh{i}_{k}"]).Outputs[0]!).Type = type;
            body.AddOutput(state);
            y = graph.Op("Loop", [steps, yes, y], ("body", AttributeValue.Of(body)));
            y.Type = type;
        }

        Value loss = graph.Op("ReduceSum", [y], ("keepdims", AttributeValue.Of(0L)));
        var error = Assert.Throws<UnsupportedGradientException>(() => new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x]));
        Assert.Contains("nodes", error.Message, StringComparison.Ordinal);
        Assert.InRange(model.Graph.Nodes.Count, 0, 1 << 19);
    }

    // A gradient that got lost among integers would leave parameters frozen without a word.
    [Fact]
    public void Differentiate_UnknownOperatorOnQuantisedValues_IsNamed()
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        Value x = model.Graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(2, 4)));
        Value scale = graph.Constant(Tensor.Scalar(0.1f)), zero = graph.Constant(Tensor.Scalar((sbyte)0));
        Value q = graph.Op("Mul", [graph.Op("QuantizeLinear", [x, scale, zero]), graph.Constant(Tensor.Scalar((sbyte)1))]);
        Value loss = graph.Op("ReduceSum", [graph.Op("DequantizeLinear", [q, scale, zero])], ("keepdims", AttributeValue.Of(0L)));

        var error = Assert.Throws<UnsupportedGradientException>(() => new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x]));

        Assert.Equal(["'Mul' (Mul, opset 21)"], error.Nodes.ToArray());
    }

    // ONNX Runtime's ScatterND adds to equal indices from several threads without a lock: measured with 1.31.1 on 2 threads,
    // 20000 x 512 updates to 4 rows came out wrong in 17 of 200 runs. ScatterElements is sequential.
    [Fact]
    public void Differentiate_Embedding_NeverAddsWithScatterND()
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        Value table = model.Graph.AddInput("table", new TensorType(ElementType.Float32, new Shape(100, 8)));
        Value tokens = model.Graph.AddInput("tokens", new TensorType(ElementType.Int64, new Shape("batch", "sequence")));
        Value loss = graph.Op("ReduceSum", [graph.Op("Gather", [table, tokens])], ("keepdims", AttributeValue.Of(0L)));

        IReadOnlyDictionary<Value, Value> gradients =
            new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [table]);

        Assert.Equal(new Shape(100, 8), gradients[table].Shape);
        Assert.DoesNotContain(model.Graph.Nodes, n => n.Is("ScatterND") && n.GetString("reduction", "none") != "none");
    }

    [Fact]
    public void Differentiate_TargetWithoutInfluence_IsMissing()
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        Value x = model.Graph.AddInput("x", Matrix);
        Value y = model.Graph.AddInput("y", Matrix);
        Value floored = graph.Op("Floor", [y]);
        Value loss = graph.Op("ReduceSum", [graph.Op("Mul", [x, floored])], ("keepdims", AttributeValue.Of(0L)));

        IReadOnlyDictionary<Value, Value> gradients =
            new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [x, y]);

        Assert.Same(floored, gradients[x].Producer!.Inputs.Single(i => i == floored));
        Assert.DoesNotContain(y, gradients.Keys);
    }

    // A trained step must not grow with the batch: only what the target needs is built.
    [Fact]
    public void Differentiate_FrozenBranch_AddsNothingForIt()
    {
        var model = new OnnxModel(new OnnxGraph("test"), 21);
        var graph = new ForwardGraph(model);
        Value x = model.Graph.AddInput("x", Matrix);
        Value w = model.Graph.AddInput("w", new TensorType(ElementType.Float32, new Shape(4)));
        Value hidden = graph.Op("Tanh", [graph.Op("Exp", [x])]);
        Value loss = graph.Op("ReduceSum", [graph.Op("Mul", [hidden, w])], ("keepdims", AttributeValue.Of(0L)));
        int before = model.Graph.Nodes.Count;

        new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, loss, [w]);

        string[] added = [.. model.Graph.Nodes.Where(n => n.Name.Contains("_grad", StringComparison.Ordinal)).Select(n => n.OpType)];
        Assert.Equal(before + added.Length, model.Graph.Nodes.Count);
        Assert.DoesNotContain("Sub", added);
        Assert.Single(added, "Mul");
    }
}
