using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing.Torch;
using TorchSharp;
using Functional = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Training;

/// <summary>Several losses on the outputs of one model: a class, a number, tags, a sequence of classes.</summary>
public sealed class MultiTaskTests
{
    private const int Rows = 10;

    [SkippableTheory]
    [Trait("Category", "Conformance")]
    [InlineData("kind=cross-entropy age=mse")]
    [InlineData("age=huber*0.25 kind=cross-entropy*2 tags=bce")]
    [InlineData("steps=cross-entropy*0.5 tags=bce")]
    [InlineData("age=l1 steps=cross-entropy")]
    public void Step_SeveralTasks_AgreesWithLibtorch(string description)
    {
        TorchReference.SkipIfUnavailable();
        TaskLoss[] tasks = [.. description.Split(' ').Select(Task)];
        CompiledArtifacts artifacts = ModelCompiler.Compile(Model(), new CompileOptions
        {
            Loss = new MultiTaskLoss(tasks),
            Trainable = TrainableSelection.Patterns([.. tasks.Select(t => $"{t.Output}.*"), "shared.*"]),
        });
        var random = new Random(5);
        Agreement.Check(
            artifacts,
            _ => (new Dictionary<string, Tensor> { ["x"] = Networks.Random(random, 2, Rows, 6) }, Labels(random, tasks)),
            (twin, boundary, labels) => Loss(twin, TorchTwin.ToTorch(boundary["x"]), TorchTwin.ToTorch(labels), tasks),
            p => torch.optim.SGD(p, 0.1),
            0.1);
    }

    [Fact]
    public void Compile_SeveralTasks_DescribesTheirLabels()
    {
        ArtifactManifest manifest = ModelCompiler.Compile(Model(), new CompileOptions
        {
            Loss = new MultiTaskLoss(Task("steps=cross-entropy"), Task("age=mse*0.5"), Task("tags=bce")),
            Trainable = TrainableSelection.All,
        }).Manifest;
        Assert.Equal(ElementType.Float32, manifest.Labels.ElementType);
        Assert.Equal(["N", "9"], manifest.Labels.Shape.AsEnumerable());
        Assert.Equal("multi_task", manifest.Loss.Kind);
        Assert.Equal([(0, 5, 2L), (5, 1, null), (6, 3, null)], manifest.Loss.Tasks.Select(t => (t.FirstLabel, t.LabelCount, t.Classes)));
        Assert.Equal([1, 0.5, 1], manifest.Loss.Tasks.Select(t => t.Weight));
        Assert.Equal(["kind", "age", "tags", "steps"], manifest.Predictions.Select(p => p.Name));
    }

    [Theory]
    [InlineData("kind=cross-entropy tags=bce", true)]
    [InlineData("kind=cross-entropy age=mse", false)]
    public void Compile_TasksThatKnowRightFromWrong_CountIt(string description, bool counts)
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Model(), new CompileOptions { Loss = new MultiTaskLoss([.. description.Split(' ').Select(Task)]), Trainable = TrainableSelection.All });
        Assert.Equal(counts, artifacts.Manifest.Metrics.Any(m => m.Kind == "correct_count"));
    }

    [Fact]
    public void Step_AccumulatedTasks_IsTheStepOfTheWholeBatch()
    {
        MultiTaskLoss loss = new(Task("kind=cross-entropy"), Task("age=mse*0.5"));
        var random = new Random(9);
        Tensor x = Networks.Random(random, 2, Rows, 6), labels = Labels(random, [.. loss.Tasks]);
        float[] whole = After(1, [(x, labels)]), split = After(3, [(Part(x, 0, 2), Part(labels, 0, 2)), (Part(x, 2, 7), Part(labels, 2, 7)), (Part(x, 7, 10), Part(labels, 7, 10))]);
        Assert.Equal(whole.Length, split.Length);
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], split[i], 1e-6);

        float[] After(int steps, (Tensor X, Tensor Labels)[] batches)
        {
            using var runner = new StepRunner(ModelCompiler.Compile(Model(), new CompileOptions { Loss = loss, Trainable = TrainableSelection.All, AccumulationSteps = steps }));
            foreach ((Tensor x, Tensor labels) in batches)
                runner.Step(new Dictionary<string, Tensor> { ["x"] = x }, labels, 0.1f);
            return runner.Floats("shared.weight");
        }
    }

    [Theory]
    [InlineData(1, "age.bias,age.weight,kind.bias,kind.weight")]
    [InlineData(2, "age.bias,age.weight,kind.bias,kind.weight,shared.bias,shared.weight")]
    public void Compile_LastLayers_AreThoseOfEachTask(int count, string expected)
    {
        CompiledArtifacts artifacts = ModelCompiler.Compile(Model(), new() { Loss = new MultiTaskLoss(Task("kind=cross-entropy"), Task("age=mse")), Trainable = TrainableSelection.LastLayers(count) });
        Assert.Equal(expected, string.Join(",", artifacts.Manifest.Parameters.Select(p => p.Tensor.Name).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Compile_TaskWithNothingToLearnWith_IsRefused() => Assert.Contains("'age'", Assert.ThrowsAny<AutLearnException>(() => ModelCompiler.Compile(
        Model(), new() { Loss = new MultiTaskLoss(Task("kind=cross-entropy"), Task("age=mse")), Trainable = TrainableSelection.Patterns("kind.*") })).Message);

    [Fact]
    public void Compile_TasksThatCannotBe_SaysWhy()
    {
        Assert.Contains("'colour'", Assert.ThrowsAny<AutLearnException>(() => Compile(Task("colour=mse"))).Message);
        Assert.Contains("softmax cross-entropy needs", Assert.ThrowsAny<AutLearnException>(() => Compile(Task("age=cross-entropy"), Task("tags=bce"))).Message);
        Assert.Contains("AccumulationSteps", Assert.Throws<ArgumentException>(() => Compile(2, new TaskLoss("kind", new SoftmaxCrossEntropyLoss { IgnoreIndex = -1 }), Task("age=mse"))).Message);
        Assert.Throws<ArgumentException>(() => new MultiTaskLoss(Task("age=mse"), Task("age=l1")));
        Assert.Throws<ArgumentException>(() => new MultiTaskLoss());
        Assert.Throws<ArgumentException>(() => new TaskLoss("age", new MultiTaskLoss(Task("age=mse"))));
        foreach (double weight in (double[])[0, -1, double.NaN, double.PositiveInfinity])
            Assert.Throws<ArgumentOutOfRangeException>(() => new TaskLoss("age", new MeanSquaredLoss(), weight));
    }

    private static CompiledArtifacts Compile(params TaskLoss[] tasks) => Compile(1, tasks);

    private static CompiledArtifacts Compile(int steps, params TaskLoss[] tasks) =>
        ModelCompiler.Compile(Model(), new CompileOptions { Loss = new MultiTaskLoss(tasks), Trainable = TrainableSelection.All, AccumulationSteps = steps });

    private static TaskLoss Task(string text)
    {
        string[] parts = text.Split('=', '*');
        Loss loss = parts[1] switch
        {
            "bce" => new BinaryCrossEntropyWithLogitsLoss(),
            "mse" => new MeanSquaredLoss(),
            "l1" => new L1Loss(),
            "huber" => new HuberLoss(),
            _ => new SoftmaxCrossEntropyLoss(),
        };
        return new(parts[0], loss, parts.Length > 2 ? double.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture) : 1);
    }

    // x [N, 6] -> shared -> kind [N, 4] behind Softmax, age [N], tags [N, 3] behind Sigmoid, steps [N, 5, 2].
    private static OnnxModel Model()
    {
        var random = new Random(1);
        var graph = new OnnxGraph("tasks");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 6)));
        Value h = graph.AddNode("Tanh", [Networks.Dense(graph, x, "shared", random, 6, 8, null)], ["h"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Softmax", [Networks.Dense(graph, h, "kind", random, 8, 4, null)], ["kind"]).Outputs[0]!);
        Value flat = graph.AddInitializer("flat", Tensor.Vector<long>(-1));
        graph.AddOutput(graph.AddNode("Reshape", [Networks.Dense(graph, h, "age", random, 8, 1, null), flat], ["age"]).Outputs[0]!);
        graph.AddOutput(graph.AddNode("Sigmoid", [Networks.Dense(graph, h, "tags", random, 8, 3, null)], ["tags"]).Outputs[0]!);
        Value shape = graph.AddInitializer("sequence", Tensor.Vector<long>(-1, 5, 2));
        graph.AddOutput(graph.AddNode("Reshape", [Networks.Dense(graph, h, "steps", random, 8, 10, null), shape], ["steps"]).Outputs[0]!);
        return new OnnxModel(graph, Networks.Opset);
    }

    private static Tensor Labels(Random random, TaskLoss[] tasks)
    {
        var values = new List<float>();
        for (int row = 0; row < Rows; row++)
        {
            foreach (TaskLoss task in tasks)
            {
                values.AddRange(task.Output switch
                {
                    "kind" => [random.Next(4)],
                    "age" => [(float)random.NextDouble()],
                    "tags" => Enumerable.Range(0, 3).Select(_ => (float)random.Next(2)),
                    _ => Enumerable.Range(0, 5).Select(_ => (float)random.Next(2)),
                });
            }
        }

        return Tensor.Of<float>([Rows, values.Count / Rows], values.ToArray());
    }

    private static Tensor Part(Tensor rows, int from, int to)
    {
        int width = (int)rows.Dimensions[1];
        return Tensor.Of<float>([to - from, width], rows.Span<float>()[(from * width)..(to * width)]);
    }

    private static torch.Tensor Loss(TorchTwin twin, torch.Tensor x, torch.Tensor labels, TaskLoss[] tasks)
    {
        torch.Tensor h = Functional.linear(x, twin["shared.weight"], twin["shared.bias"]).tanh();
        torch.Tensor total = torch.zeros(1).sum();
        long first = 0;
        foreach (TaskLoss task in tasks)
        {
            torch.Tensor z = Functional.linear(h, twin[$"{task.Output}.weight"], twin[$"{task.Output}.bias"]);
            long width = task.Output switch { "tags" => 3, "steps" => 5, _ => 1 };
            torch.Tensor y = labels.narrow(1, first, width);
            first += width;
            torch.Tensor loss = task.Loss switch
            {
                BinaryCrossEntropyWithLogitsLoss => Functional.binary_cross_entropy_with_logits(z, y),
                MeanSquaredLoss => Functional.mse_loss(z, y),
                L1Loss => Functional.l1_loss(z, y),
                HuberLoss => Functional.huber_loss(z, y),
                _ => Functional.cross_entropy(z.reshape(-1, task.Output == "steps" ? 2 : 4), y.reshape(-1).to(torch.int64)),
            };
            total += loss * task.Weight;
        }

        return total;
    }
}
