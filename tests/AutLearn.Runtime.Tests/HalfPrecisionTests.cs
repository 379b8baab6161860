using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests;

/// <summary>A head whose parameters and features are Float16, from its package to its saved state.</summary>
[Trait("Category", "Conformance")]
public sealed class HalfPrecisionTests : IDisposable
{
    private const int Width = 4;
    private const int Classes = 3;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Optimizers => ["sgd", "momentum", "adam", "adamw", "adagrad", "rmsprop"];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void TrainStep_DeadUnits_LearnsAndResumesBitByBit(string optimizer)
    {
        string package = Compile(optimizer);
        using var model = PersonalModel.Open(package);
        using var resumed = PersonalModel.Open(package);
        Half[] initial = model.GetParameter("w").Span<Half>().ToArray();
        float first = float.NaN, last = float.NaN;
        for (int step = 0; step < 40; step++)
        {
            (TensorBuffer x, TensorBuffer labels) = Batch(step);
            last = model.TrainStep([x], labels, 0.02).Loss;
            first = step == 0 ? last : first;
            if (step == 20)
            {
                model.SaveState(_folder.File("half.state"));
                resumed.LoadState(_folder.File("half.state"));
            }
            else if (step > 20)
            {
                resumed.TrainStep([x], labels, 0.02);
            }
        }

        Assert.True(last < 0.9 * first, $"The loss went from {first} to {last}.");
        Half[] weights = model.GetParameter("w").Span<Half>().ToArray();
        Assert.All(weights, w => Assert.True(Half.IsFinite(w)));
        Assert.Equal(weights, resumed.GetParameter("w").Span<Half>().ToArray());
        Assert.Equal(model.GetParameter("b").Bytes.ToArray(), resumed.GetParameter("b").Bytes.ToArray());

        // Nothing ever came through the second feature.
        Assert.Equal(initial[Classes..(2 * Classes)], weights[Classes..(2 * Classes)]);
        Assert.NotEqual(initial, weights);
    }

    [Fact]
    public async Task TrainAsync_FeaturesOfHalfPrecision_LearnsEvaluatesAndExports()
    {
        using var model = PersonalModel.Open(Compile("adamw"));
        FeatureSet features = model.CreateFeatureSet();
        for (int batch = 0; batch < 4; batch++)
        {
            (TensorBuffer x, TensorBuffer labels) = Batch(batch);
            features.Add([x], labels, 8);
        }

        EvaluationResult before = model.Evaluate(features);
        await new FineTuner(model).TrainAsync(features, new() { Epochs = 20, BatchSize = 5, LearningRate = 0.02 });
        EvaluationResult after = model.Evaluate(features);
        Assert.True(after.Loss < 0.8 * before.Loss, $"{before} to {after}");
        model.Export(_folder.File("half.onnx"));
        using PredictionBatch predicted = model.Predict([Batch(0).X]);
        Assert.Equal(ElementType.Float16, predicted.Logits.ElementType);
    }

    private string Compile(string optimizer)
    {
        var random = new Random(2);
        var graph = new OnnxGraph("half");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float16, new Shape("N", Width)));
        Value w = graph.AddInitializer("w", Tensor.Of<Half>([Width, Classes], [.. Enumerable.Range(0, Width * Classes).Select(_ => (Half)(random.NextDouble() - 0.5))]));
        Value b = graph.AddInitializer("b", Tensor.Of<Half>([Classes], new Half[Classes]));
        graph.AddOutput(graph.AddNode("Gemm", [x, w, b], ["logits"]).Outputs[0]!);
        CompiledArtifacts artifacts = ModelCompiler.Compile(new OnnxModel(graph, 18), new()
        {
            Trainable = TrainableSelection.All,
            Optimizer = optimizer switch
            {
                "sgd" => new SgdOptimizer { WeightDecay = 0 },
                "momentum" => new SgdOptimizer { Momentum = 0.9 },
                "adam" => new AdamOptimizer(),
                "adamw" => new AdamWOptimizer { WeightDecay = 0 },
                "adagrad" => new AdagradOptimizer(),
                _ => new RmsPropOptimizer(),
            },
        });
        Assert.All(artifacts.Manifest.OptimizerState.Where(s => s.Parameter is not null), s => Assert.Equal(ElementType.Float32, s.Tensor.ElementType));
        artifacts.SavePackage(_folder.File("half.autlearn"));
        return _folder.File("half.autlearn");
    }

    private static (TensorBuffer X, TensorBuffer Labels) Batch(int seed)
    {
        var random = new Random(seed);
        var x = new TensorBuffer(ElementType.Float16, 8, Width);
        var labels = new TensorBuffer(ElementType.Int64, 8);
        for (int row = 0; row < 8; row++)
        {
            for (int column = 0; column < Width; column++)
                x.Span<Half>()[(row * Width) + column] = column == 1 ? (Half)0 : (Half)((4 * random.NextDouble()) - 2);
            labels.Span<long>()[row] = x.Span<Half>()[row * Width] > (Half)0 ? 1 : x.Span<Half>()[(row * Width) + 2] > (Half)0 ? 2 : 0;
        }

        return (x, labels);
    }
}
