using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.Preparation;

/// <summary>Inputs that are no rows, rows that stand along another axis, and settings that are fixed.</summary>
[Trait("Category", "Unit")]
public sealed class InputTests
{
    [Fact]
    public void Compile_TableBesideRows_IsNoBatch()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 64)));
        Value permutation = graph.AddInput("order", new TensorType(ElementType.Int64, new Shape(64)));
        Value picked = graph.AddNode("Gather", [x, permutation], ["picked"], [new("axis", AttributeValue.Of(1L))]).Outputs[0]!;
        Value h = graph.AddNode("Relu", [Networks.Dense(graph, picked, "fc1", random, 64, 6, null)], ["h"]).Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, h, "fc2", random, 6, 3, "logits"));
        CompiledArtifacts artifacts = ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions());
        Assert.Equal(["64"], artifacts.Manifest.Inputs[1].Shape.AsEnumerable());
        Assert.Equal(["N", "3"], artifacts.Manifest.Logits.Shape.AsEnumerable());
        using var runner = new StepRunner(artifacts);
        Tensor order = Tensor.Vector<long>([.. Enumerable.Range(0, 64).Select(i => 63L - i)]);
        Assert.Equal([5L, 3L], runner.Infer(new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, 5, 64), ["order"] = order })["logits"].Dimensions.AsEnumerable());

        // Training the first layer needs the table in the step, where it has no row for each sample.
        var e = Assert.Throws<AutLearnException>(() => ModelCompiler.Compile(Scaled(), new CompileOptions { Trainable = TrainableSelection.LastLayers(1) }));
        Assert.Contains("--fix factor=", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_FixedInput_BecomesAConstantOfItsType()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Scaled(), new CompileOptions { FixedInputs = ImmutableSortedDictionary<string, double>.Empty.Add("factor", 2) });
        Assert.Equal(["x"], artifacts.Manifest.Inputs.Select(i => i.Name));
        using var runner = new StepRunner(artifacts);
        using var original = new Testing.Gradients.OrtModel(Scaled(), Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_DISABLE_ALL);
        Tensor x = Networks.Random(new Random(2), 1, 3, 6);
        float[] ours = runner.Infer(new Dictionary<string, Tensor> { ["x"] = x })["logits"].Span<float>().ToArray();
        float[] theirs = original.Run(new Dictionary<string, Tensor> { ["x"] = x, ["factor"] = Tensor.Scalar(2f) })["logits"].Span<float>().ToArray();
        Assert.Equal(theirs, ours);
    }

    [Theory]
    [InlineData("nothing", 1, "no input 'nothing'")]
    [InlineData("order", 0.5, "cannot be fixed to 0.5")]
    public void Compile_InputThatCannotBeFixed_SaysWhy(string name, double number, string expected)
    {
        OnnxModel model = Networks.Mlp(4, 3, 2);
        model.Graph.AddInput("order", new TensorType(ElementType.Int64, new Shape(4)));
        var e = Assert.Throws<AutLearnException>(() => ModelCompiler.Compile(model, new CompileOptions { FixedInputs = ImmutableSortedDictionary<string, double>.Empty.Add(name, number) }));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_BranchThatASettingDecides_IsTakenOverWithItsWeights()
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Branched(), new CompileOptions { FixedInputs = ImmutableSortedDictionary<string, double>.Empty.Add("rate", 16000) });
        Assert.Equal(["wide.weight", "wide.bias"], artifacts.Manifest.Parameters.Select(p => p.Tensor.Name));
        using var runner = new StepRunner(artifacts);
        using var original = new Testing.Gradients.OrtModel(Branched(), Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_DISABLE_ALL);
        Tensor x = Networks.Random(new Random(2), 1, 3, 6);
        float[] ours = runner.Infer(new Dictionary<string, Tensor> { ["x"] = x })["logits"].Span<float>().ToArray();
        Assert.Equal(original.Run(new Dictionary<string, Tensor> { ["x"] = x, ["rate"] = Tensor.Scalar(16000L) })["logits"].Span<float>().ToArray(), ours);

        var e = Assert.Throws<AutLearnException>(() => ModelCompiler.Compile(Branched(), new CompileOptions()));
        Assert.Contains("--fix rate=", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_BatchSecond_ComesFirstInTheArtifacts()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("time", "batch", 4)));
        Value w = graph.AddInitializer("w", Networks.Random(random, 0.5, 1, 12, 4)), r = graph.AddInitializer("r", Networks.Random(random, 0.5, 1, 12, 3));
        Value y = graph.AddNode("LSTM", [x, w, r], ["y"], [new("hidden_size", AttributeValue.Of(3L))]).Outputs[0]!;
        y = graph.AddNode("Squeeze", [y, graph.AddInitializer("direction", Tensor.Vector(1L))], ["s"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Add", [graph.AddNode("MatMul", [y, graph.AddInitializer("head", Networks.Random(random, 1, 3, 5))], ["p"]).Outputs[0]!, graph.AddInitializer("bias", Networks.Random(random, 1, 5))], ["logits"]).Outputs[0]!);
        var model = new OnnxModel(graph, 18);
        CompiledArtifacts artifacts = ModelCompiler.Compile(model, new CompileOptions());
        Assert.Equal(["batch", "time", "4"], artifacts.Manifest.Inputs[0].Shape.AsEnumerable());
        Assert.Equal(["batch", "time", "5"], artifacts.Manifest.Logits.Shape.AsEnumerable());
        Assert.Equal(["batch", "time"], artifacts.Manifest.Labels.Shape.AsEnumerable());
        using var runner = new StepRunner(artifacts);
        using var original = new Testing.Gradients.OrtModel(model, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_DISABLE_ALL);
        Tensor batchFirst = Networks.Random(random, 1, 2, 7, 4);
        float[] source = batchFirst.Span<float>().ToArray(), turned = new float[source.Length];
        for (int b = 0; b < 2; b++)
        {
            for (int t = 0; t < 7; t++)
                source.AsSpan(((b * 7) + t) * 4, 4).CopyTo(turned.AsSpan(((t * 2) + b) * 4));
        }

        IReadOnlyDictionary<string, Tensor> ours = runner.Infer(new Dictionary<string, Tensor> { ["x"] = batchFirst });
        float[] scores = ours[artifacts.Manifest.Logits.Name].Span<float>().ToArray();
        float[] theirs = original.Run(new Dictionary<string, Tensor> { ["x"] = Tensor.Of<float>([7, 2, 4], turned) })["logits"].Span<float>().ToArray();
        for (int t = 0; t < 7; t++)
        {
            for (int b = 0; b < 2; b++)
                Assert.Equal(theirs.AsSpan(((t * 2) + b) * 5, 5).ToArray(), scores.AsSpan(((b * 7) + t) * 5, 5).ToArray());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compile_WronglyDeclaredShape_IsAHint(bool isBatch)
    {
        OnnxModel model = Networks.Cnn(3);
        Value output = model.Graph.Outputs[0];
        output.Type = new TensorType(ElementType.Float32, isBatch ? new Shape(1, 3) : new Shape("N", 7));
        Assert.Equal(["N", "3"], ModelCompiler.Compile(model, new CompileOptions()).Manifest.Logits.Shape.AsEnumerable());
    }

    [Fact]
    public void Compile_NodesOfOneName_GiveModelsThatRun()
    {
        // The gradient of the first node would be called as the second.
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 4)));
        Value h = graph.AddNode("Tanh", [Networks.Dense(graph, x, "fc1", random, 4, 4, null)], ["h:0"], name: "act").Outputs[0]!;
        h = graph.AddNode("Relu", [h], ["r:0"], name: "act_grad/Mul").Outputs[0]!;
        h = graph.AddNode("Relu", [h], ["q:0"], name: "act").Outputs[0]!;
        graph.AddOutput(Networks.Dense(graph, h, "fc2", random, 4, 3, "logits"));
        CompiledArtifacts artifacts = ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions { Trainable = TrainableSelection.All });
        Assert.All(artifacts.TrainStep.Graph.Nodes.Where(n => n.Name.Length > 0).GroupBy(n => n.Name), g => Assert.Single(g));
        using var runner = new StepRunner(artifacts);
        runner.Step(new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 1, 5, 4) }, Networks.Labels(random, 3, 5), 0.1f);
    }

    [Fact]
    public void Compile_OneScoreUnderCrossEntropy_NamesTheLossesThatFit()
    {
        var e = Assert.Throws<InvalidModelException>(() => ModelCompiler.Compile(Networks.Head(4, 1), new CompileOptions()));
        Assert.Contains("bce", e.Message, StringComparison.Ordinal);
        Assert.Contains("mse", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Train_OneOutput_LearnsItsBias(bool isGemm)
    {
        // y = x + 5 from y = x
        var graph = new OnnxGraph("g");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 1)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([1, 1], [1f])), b = graph.AddInitializer("b", Tensor.Vector(0f));
        Value y = isGemm ? graph.AddNode("Gemm", [x, w, b], ["y"]).Outputs[0]! : graph.AddNode("Add", [graph.AddNode("MatMul", [x, w], ["p"]).Outputs[0]!, b], ["y"]).Outputs[0]!;
        graph.AddOutput(y);
        CompiledArtifacts artifacts = ModelCompiler.Compile(new OnnxModel(graph, 18), new CompileOptions { Loss = new MeanSquaredLoss() });
        Assert.Equal(["w", "b"], artifacts.Manifest.Parameters.Select(p => p.Tensor.Name).OrderDescending(StringComparer.Ordinal));
        using var runner = new StepRunner(artifacts);
        Tensor rows = Tensor.Of<float>([4, 1], [-1f, 0f, 1f, 2f]);
        for (int i = 0; i < 200; i++)
            runner.Step(new Dictionary<string, Tensor> { ["x"] = rows }, Tensor.Of<float>([4, 1], [4f, 5f, 6f, 7f]), 0.1f);
        Assert.Equal(5f, runner.Floats("b")[0], 1e-2f);
        Assert.Equal(1f, runner.Floats("w")[0], 1e-2f);
    }

    // The head is multiplied by a scalar input.
    private static OnnxModel Scaled()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 6)));
        Value factor = graph.AddInput("factor", new TensorType(ElementType.Float32, Shape.Scalar));
        graph.AddOutput(graph.AddNode("Mul", [Networks.Dense(graph, x, "fc", random, 6, 3, null), factor], ["logits"]).Outputs[0]!);
        return new OnnxModel(graph, 18);
    }

    // Two heads, one for each rate, as voice detectors have them.
    private static OnnxModel Branched()
    {
        var (graph, random) = (new OnnxGraph("g"), new Random(1));
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 6)));
        Value rate = graph.AddInput("rate", new TensorType(ElementType.Int64, Shape.Scalar));
        Value isWide = graph.AddNode("Equal", [rate, graph.AddInitializer("sixteen", Tensor.Scalar(16000L))], ["is_wide"]).Outputs[0]!;
        OnnxGraph wide = Branch("wide"), narrow = Branch("narrow");
        Value logits = graph.AddNode("If", [isWide], ["logits"], [new("then_branch", AttributeValue.Of(wide)), new("else_branch", AttributeValue.Of(narrow))]).Outputs[0]!;
        logits.Type = new TensorType(ElementType.Float32, new Shape("N", 3));
        graph.AddOutput(logits);
        return new OnnxModel(graph, 18);

        OnnxGraph Branch(string name)
        {
            var branch = new OnnxGraph(name, graph);
            Value w = branch.AddInitializer($"{name}.weight", Networks.Random(random, 1, 3, 6)), b = branch.AddInitializer($"{name}.bias", Networks.Random(random, 1, 3));
            branch.AddOutput(branch.AddNode("Gemm", [x, w, b], [$"{name}.scores"], [new("transB", AttributeValue.Of(1L))]).Outputs[0]!);
            return branch;
        }
    }
}
