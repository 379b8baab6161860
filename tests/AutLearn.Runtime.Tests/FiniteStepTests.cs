using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Parameters;
using AutLearn.Runtime.Stores;
using AutLearn.Testing;
using CsCheck;

namespace AutLearn.Runtime.Tests;

/// <summary>No step, whatever its loss, leaves a parameter or optimizer state that is not finite.</summary>
[Trait("Category", "Fault")]
public sealed class FiniteStepTests : IDisposable
{
    private const int WideFeatures = 96;
    private const int WideClasses = 300;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Optimizers => ["sgd", "momentum", "nesterov", "adam", "adamw", "adamw-transformers", "adagrad", "rmsprop"];

    public static TheoryData<string, string> OptimizersAndOperators()
    {
        var data = new TheoryData<string, string>();
        foreach (string optimizer in (string[])["sgd", "momentum", "nesterov", "adam", "adamw", "adamw-transformers", "adagrad", "rmsprop"])
        {
            data.Add(optimizer, "Sqrt");
            data.Add(optimizer, "Pow");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(OptimizersAndOperators))]
    public void TrainStep_InfiniteGradientUnderAFiniteLoss_IsRefused(string optimizer, string operation)
    {
        using PersonalModel model = Open(RootNetwork(operation), optimizer);
        byte[][] before = Values(model);
        var error = Assert.Throws<NonFiniteStepException>(() => model.TrainStep([1f, 2f, -1f, 0.5f], [0, 2], 0.01));
        Assert.True(float.IsFinite(error.Loss));
        Assert.Contains(error.ParameterName, (string[])["w1", "b1"]);
        Assert.Contains($"'{error.ParameterName}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("The gradient itself is infinite or undefined", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("learning rate", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, model.ParameterVersion);
        Assert.Equal(before, Values(model));
        // Away from 0 the same model learns, as one that was never refused.
        model.SetParameters([new("b1", Tensor.Of<float>([3], [1f, 2f, 3f]))]);
        model.TrainStep([0f, 0f, 0f, 0f], [0, 2], 0.01);
        Assert.All(Values(model).SelectMany(v => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(v).ToArray()), v => Assert.True(float.IsFinite(v)));
    }

    [Theory]
    [InlineData("Log", -1f)]
    [InlineData("Log", 0f)]
    [InlineData("Sqrt", -4f)]
    [InlineData("Reciprocal", 0f)]
    [InlineData("Relu", float.NaN)]
    [InlineData("Relu", float.PositiveInfinity)]
    public void TrainStep_ModelUndefinedForARowWithoutALabel_LearnsFromTheOthers(string operation, float undefined)
    {
        ModelCompiler.Compile(BehindNetwork(operation), new()
        {
            Trainable = TrainableSelection.All,
            Loss = new SoftmaxCrossEntropyLoss { IgnoreIndex = -100 },
            Optimizer = new AdamOptimizer(),
        }).SavePackage(_folder.File("model.autlearn"));
        using PersonalModel model = PersonalModel.Open(_folder.File("model.autlearn")), without = PersonalModel.Open(_folder.File("model.autlearn"));
        StepResult result = model.TrainStep([1f, 2f, undefined, undefined, 3f, 0.5f], [0, -100, 2], 0.01);
        StepResult expected = without.TrainStep([1f, 2f, 3f, 0.5f], [0, 2], 0.01);
        Assert.Equal((expected.LabelCount, 1L), (result.LabelCount, result.ParameterVersion));
        Assert.Equal(expected.Loss, result.Loss, 1e-6);
        foreach (string name in (string[])["scale", "w", "b"])
            Close.Assert(without.GetParameter(name).Span<float>().ToArray().Select(v => (double)v), model.GetParameter(name).Span<float>(), 1e-5);
        // With a label of its own the row is refused, as before.
        Assert.Throws<NonFiniteStepException>(() => model.TrainStep([1f, 2f, undefined, undefined, 3f, 0.5f], [0, 1, 2], 0.01));
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void TrainStep_OverflowingUpdate_BlamesTheLearningRate(string optimizer)
    {
        using PersonalModel model = Open(LinearNetwork(), optimizer);
        byte[][] before = Values(model);
        double rate = float.MaxValue;
        NonFiniteStepException? error = null;
        for (int step = 0; step < 3 && error is null; step++)
        {
            try
            {
                // Adaptive updates are about one rate large, so that the second adds up to infinity at the latest.
                model.TrainStep([40f, -30f, 20f, -10f], [0, 2], rate);
                before = Values(model);
            }
            catch (NonFiniteStepException refused)
            {
                error = refused;
            }
        }

        Assert.NotNull(error);
        Assert.Equal(before, Values(model));
        if (error.ParameterName is not null)
            Assert.Contains("lower the learning rate", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adam", "exp_avg_sq")]
    [InlineData("adamw", "exp_avg_sq")]
    [InlineData("adagrad", "sum")]
    [InlineData("rmsprop", "square_avg")]
    public void TrainStep_StateAloneOverflows_IsRefusedAndNamed(string optimizer, string slot)
    {
        // The gradient of 5e19 is finite, its square is not; the update divides by its root and would stay finite.
        using PersonalModel model = Open(LinearNetwork(isZero: true), optimizer);
        var error = Assert.Throws<NonFiniteStepException>(() => model.TrainStep([1e20f, 0f], [1], 1e-3));
        Assert.Equal("w", error.ParameterName);
        Assert.Contains($"the optimizer state '{slot}' of the parameter 'w'", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, model.ParameterVersion);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void TrainStep_WideHead_KeepsTrueBoundsWithoutWalkingIt(string optimizer)
    {
        using PersonalModel model = Open(WideNetwork(), optimizer);
        Assert.Equal(["w"], model.Manifest.GradientFactors.Select(f => f.Parameter));
        var random = new Random(5);
        int unwalked = 0, refused = 0;
        for (int step = 0; step < 120; step++)
        {
            // From usual sizes to such that squares and products overflow.
            double size = Math.Pow(10, (random.NextDouble() * (step < 40 ? 3 : 24)) - 2);
            float[] features = [.. Enumerable.Range(0, 4 * WideFeatures).Select(_ => (float)(size * ((2 * random.NextDouble()) - 1)))];
            long[] labels = [.. Enumerable.Range(0, 4).Select(_ => (long)random.Next(WideClasses))];
            try
            {
                model.TrainStep(features, labels, Math.Pow(10, (random.NextDouble() * 4) - 4));
            }
            catch (NonFiniteStepException)
            {
                refused++;
            }

            int set = model.Sets.Acquire(out _);
            model.Sets.Release(set);
            for (int i = 0; i < model.Sets.Count; i++)
            {
                double actual = LargestMagnitude.Of(model.Sets.Buffer(set, i)), bound = model.Sets.Magnitudes(set)[i];
                Assert.True(double.IsFinite(actual) && actual <= bound, $"step {step}, tensor {i}: {actual} above {bound}");
                if (i == 0 && bound > actual)
                    unwalked++;
            }
        }

        // What the runtime writes itself it has looked at anyway.
        if (model.Manifest.Gradients.IsEmpty)
            Assert.True(unwalked >= 30, $"{unwalked} steps were bounded without a walk, {refused} refused.");
        else
            Assert.Equal(0, unwalked);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void TrainStep_WideHeadOverflows_IsRefused(string optimizer)
    {
        using PersonalModel model = Open(WideNetwork(), optimizer);
        float[] features = new float[WideFeatures];
        features[7] = 1e20f;
        long version = 0;
        Assert.ThrowsAny<NonFiniteStepException>(() =>
        {
            // Plain descent overflows by the rate, adaptive ones by their sums of squares.
            for (int step = 0; step < 3; step++)
                version = model.TrainStep(features, [1], optimizer is "sgd" or "momentum" or "nesterov" ? 1e25 : 0.1).ParameterVersion;
        });
        Assert.Equal(version, model.ParameterVersion);
        Assert.All(model.GetParameter("w").Span<float>().ToArray(), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void TrainStep_InfiniteFeatureOfAnIgnoredRow_ContributesNothing()
    {
        // An ignored row has no part in the loss, whatever it holds; its infinite feature times a gradient of 0 is NaN.
        ModelCompiler.Compile(WideNetwork(), new() { Loss = new SoftmaxCrossEntropyLoss { IgnoreIndex = -1 } }).SavePackage(_folder.File("model.autlearn"));
        using PersonalModel model = PersonalModel.Open(_folder.File("model.autlearn"), new() { IntraOpThreads = 1 }), without = PersonalModel.Open(_folder.File("model.autlearn"), new() { IntraOpThreads = 1 });
        float[] features = new float[2 * WideFeatures];
        features[3] = 1;
        features[WideFeatures] = float.PositiveInfinity;
        Assert.Equal(1, model.TrainStep(features, [2, -1], 0.1).LabelCount);
        without.TrainStep(features.AsSpan(0, WideFeatures), [2], 0.1);
        Close.Assert(without.GetParameter("w").Span<float>().ToArray().Select(v => (double)v), model.GetParameter("w").Span<float>(), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void TrainStep_ScalarOfTheModelMultipliesTheGradient_IsWalked(string optimizer)
    {
        // e^80 lies outside the two factors of the gradient, so that they do not bound it.
        var graph = new OnnxGraph("scaled");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", WideFeatures)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([WideFeatures, WideClasses], new float[WideClasses * WideFeatures]));
        Value scale = graph.AddNode("Exp", [graph.AddInitializer("t", Tensor.Scalar(80f))], ["scale"]).Outputs[0]!;
        Value scaled = graph.AddNode("Mul", [w, scale], ["scaled"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("MatMul", [x, scaled], ["logits"]).Outputs[0]!);
        string path = _folder.File("model.autlearn");
        ModelCompiler.Compile(new OnnxModel(graph, 18), new() { Trainable = TrainableSelection.Patterns("w"), Optimizer = OptimizerOf(optimizer) }).SavePackage(path);
        using var model = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        float[] features = [.. Enumerable.Range(0, 4 * WideFeatures).Select(i => (float)Math.Sin(i))];
        for (int step = 0; step < 3; step++)
        {
            try
            {
                model.TrainStep(features, [0, 1, 2, 3], 1e6);
            }
            catch (NonFiniteStepException)
            {
                // Refused or applied, what serves is finite.
            }

            Assert.All(model.GetParameter("w").Span<float>().ToArray(), v => Assert.True(float.IsFinite(v)));
        }
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("adamw-transformers")]
    [InlineData("nesterov")]
    public void TrainStep_HugeRateOnZeroRows_LeavesFiniteValues(string optimizer)
    {
        using PersonalModel model = Open(WideNetwork(), optimizer);
        try
        {
            model.TrainStep(new float[4 * WideFeatures], [0, 1, 2, 3], 3e38);
        }
        catch (NonFiniteStepException)
        {
            Assert.Equal(0, model.ParameterVersion);
        }

        Assert.All(model.Parameters, p => Assert.All(model.GetParameter(p.Tensor.Name).Span<float>().ToArray(), v => Assert.True(float.IsFinite(v))));
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void LoadState_ImpossibleNumberOfSteps_IsRefused(long steps)
    {
        using PersonalModel model = Open(WideNetwork(), "adam");
        string path = _folder.File("state.safetensors");
        model.SaveState(path);
        SafetensorsFile state = SafetensorsFile.Read(path);
        File.WriteAllBytes(path, new SafetensorsFile(
            state.Tensors.Select(t => t.Key == "state/optimizer.step" ? KeyValuePair.Create(t.Key, Tensor.Scalar(steps)) : t), state.Metadata).ToBytes());
        Assert.Throws<InvalidArtifactException>(() => model.LoadState(path));
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("adagrad")]
    [InlineData("rmsprop")]
    public void TrainStep_SquareOverflows_BlamesNeitherTheGradientNorTheRate(string optimizer)
    {
        using PersonalModel model = Open(LinearNetwork(isZero: true), optimizer);
        var error = Assert.Throws<NonFiniteStepException>(() => model.TrainStep([1e20f, 0f], [1], 1e-3));
        Assert.Contains("its square overflows", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("learning rate", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("undefined", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adam", false)]
    [InlineData("adagrad", false)]
    [InlineData("rmsprop", false)]
    [InlineData("adam", true)]
    public void TrainStep_WindowOfHugeGradients_IsDroppedAndTheNextLearns(string optimizer, bool endsEarly)
    {
        string path = _folder.File("model.autlearn");
        ModelCompiler.Compile(LinearNetwork(isZero: true), new() { Trainable = TrainableSelection.All, Optimizer = OptimizerOf(optimizer), AccumulationSteps = 2 }).SavePackage(path);
        using var model = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        float[] clean = [1f, -2f];
        Assert.False(model.TrainStep([1e25f, 0f], [1], 0.01).IsUpdate);
        var error = endsEarly
            ? Assert.Throws<NonFiniteStepException>(() => { model.ApplyAccumulated(0.01); })
            : Assert.Throws<NonFiniteStepException>(() => { model.TrainStep(clean, [0], 0.01); });
        Assert.Contains("they are dropped", error.Message, StringComparison.Ordinal);
        Assert.All(model.GetParameter("w").Span<float>().ToArray(), v => Assert.Equal(0, v));
        Assert.False(model.ApplyAccumulated(0.01));
        Assert.False(model.TrainStep(clean, [0], 0.01).IsUpdate);
        Assert.True(model.TrainStep(clean, [0], 0.01).IsUpdate);
        Assert.Contains(model.GetParameter("w").Span<float>().ToArray(), v => v != 0);
    }

    [Fact]
    public void TrainStep_BadBatchInAGoodWindow_CostsItAlone()
    {
        string path = _folder.File("model.autlearn");
        ModelCompiler.Compile(LinearNetwork(), new() { Trainable = TrainableSelection.All, AccumulationSteps = 2 }).SavePackage(path);
        using var model = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        Assert.False(model.TrainStep([1f, -2f], [0], 0.01).IsUpdate);
        var error = Assert.Throws<NonFiniteStepException>(() => model.TrainStep([float.NaN, 1f], [0], 0.01));
        Assert.DoesNotContain("dropped", error.Message, StringComparison.Ordinal);
        Assert.True(model.TrainStep([0.5f, 1f], [1], 0.01).IsUpdate);
    }

    [Fact]
    public void TrainStep_RowNotFinite_NamesTheRow()
    {
        using PersonalModel model = Open(LinearNetwork(), "sgd");
        var error = Assert.Throws<NonFiniteStepException>(() => model.TrainStep([1f, 2f, 3f, float.PositiveInfinity], [0, 1], 0.1));
        Assert.Null(error.ParameterName);
        Assert.Contains("Row 1 of 'x'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("norm", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SetParametersAndLoadState_NotFinite_AreRefused()
    {
        using PersonalModel model = Open(LinearNetwork(), "adam");
        model.TrainStep([1f, 2f], [1], 0.01);
        byte[][] before = Values(model);
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            var error = Assert.Throws<ArgumentException>(() => model.SetParameters([new("w", Tensor.Of<float>([2, 3], [1f, 2f, bad, 4f, 5f, 6f]))]));
            Assert.Contains("'w'", error.Message, StringComparison.Ordinal);
            foreach (string tensor in (string[])["parameter/w", "state/w.exp_avg", "state/w.exp_avg_sq"])
                AssertRefused(model, tensor, bad, "not finite");
        }

        AssertRefused(model, "state/w.exp_avg_sq", -1e-30f, "negative");
        Assert.Equal(before, Values(model));
        Assert.Equal(1, model.ParameterVersion);
    }

    [Fact]
    public void CommitAndRestore_StateNotFinite_IsRefusedAndPassedOver()
    {
        using PersonalModel model = Open(LinearNetwork(), "adam");
        using var store = new GenerationStore(_folder.File("generations"));
        model.TrainStep([1f, 2f], [1], 0.01);
        byte[] good = Values(model).SelectMany(v => v).ToArray();
        Assert.Equal(1, store.Commit(model));
        string path = _folder.File("state.safetensors");
        Spoil(model, path, "parameter/w", float.NaN);
        var error = Assert.Throws<ArgumentException>(() => store.Commit(File.ReadAllBytes(path)));
        Assert.Contains("'parameter/w'", error.Message, StringComparison.Ordinal);
        model.TrainStep([1f, 2f], [1], 0.01);
        GenerationRestore restored = store.Restore(model);
        Assert.Equal((1, 0), (restored.Number, restored.Refused.Length));
        Assert.Equal(good, Values(model).SelectMany(v => v).ToArray());
        // What is no state is the app's own business.
        Assert.Equal(2, store.Commit([1, 2, 3]));
    }

    [Fact]
    public void Of_AnyTensor_IsTheLargestMagnitude()
    {
        Gen.Float[-1e30f, 1e30f].Array[0, 200].Sample(values =>
        {
            Assert.Equal(values.Select(Math.Abs).DefaultIfEmpty(0).Max(), LargestMagnitude.Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values), ElementType.Float32));
            Half[] halves = [.. values.Select(v => (Half)(v / 1e27f))];
            Assert.Equal((double)halves.Select(Half.Abs).DefaultIfEmpty(Half.Zero).Max(), LargestMagnitude.Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes<Half>(halves), ElementType.Float16));
            double[] doubles = [.. values.Select(v => v * 1e200)];
            Assert.Equal(doubles.Select(Math.Abs).DefaultIfEmpty(0).Max(), LargestMagnitude.Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes<double>(doubles), ElementType.Float64));
        });
        for (int length = 1; length < 80; length++)
        {
            for (int at = 0; at < length; at++)
            {
                foreach (float bad in (float[])[float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity])
                {
                    float[] values = new float[length];
                    values[at] = bad;
                    Assert.False(double.IsFinite(LargestMagnitude.Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values), ElementType.Float32)));
                }
            }
        }
    }

    private void AssertRefused(PersonalModel model, string tensor, float bad, string why)
    {
        string path = _folder.File("state.safetensors");
        Spoil(model, path, tensor, bad);
        var error = Assert.Throws<InvalidArtifactException>(() => model.LoadState(path));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    private static void Spoil(PersonalModel model, string path, string tensor, float bad)
    {
        model.SaveState(path);
        SafetensorsFile state = SafetensorsFile.Read(path);
        Tensor old = state.Tensors[tensor];
        float[] values = old.Span<float>().ToArray();
        values[^1] = bad;
        File.WriteAllBytes(path, new SafetensorsFile(
            state.Tensors.Select(t => t.Key == tensor ? KeyValuePair.Create(t.Key, Tensor.Of<float>(old.Dimensions.AsSpan(), values)) : t), state.Metadata).ToBytes());
    }

    private PersonalModel Open(OnnxModel network, string optimizer)
    {
        string path = _folder.File("model.autlearn");
        ModelCompiler.Compile(network, new() { Trainable = TrainableSelection.All, Optimizer = OptimizerOf(optimizer) }).SavePackage(path);
        return PersonalModel.Open(path, new() { IntraOpThreads = 1 });
    }

    private static byte[][] Values(PersonalModel model) => [.. model.Parameters.Select(p => model.GetParameter(p.Tensor.Name).Bytes.ToArray())];

    internal static Optimizer OptimizerOf(string name) => name switch
    {
        "sgd" => new SgdOptimizer(),
        "momentum" => new SgdOptimizer { Momentum = 0.9 },
        "nesterov" => new SgdOptimizer { Momentum = 0.9, IsNesterov = true, WeightDecay = 0.01 },
        "adam" => new AdamOptimizer(),
        "adamw" => new AdamWOptimizer(),
        "adamw-transformers" => new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-6 },
        "adagrad" => new AdagradOptimizer(),
        _ => new RmsPropOptimizer { Momentum = 0.5 },
    };

    // root(x w1 + b1) w2 with w1 = b1 = 0: the loss is finite, the gradient at the root of 0 is not.
    private static OnnxModel RootNetwork(string operation)
    {
        var graph = new OnnxGraph("root");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        Value w1 = graph.AddInitializer("w1", Tensor.Of<float>([2, 3], new float[6]));
        Value b1 = graph.AddInitializer("b1", Tensor.Of<float>([3], new float[3]));
        Value w2 = graph.AddInitializer("w2", Tensor.Of<float>([3, 3], [0.5f, -0.2f, 0.3f, 0.1f, 0.4f, -0.6f, 0.2f, 0.7f, -0.1f]));
        Value sum = graph.AddNode("Gemm", [x, w1, b1], ["sum"]).Outputs[0]!;
        Value root = operation == "Sqrt"
            ? graph.AddNode("Sqrt", [sum], ["root"]).Outputs[0]!
            : graph.AddNode("Pow", [sum, graph.AddInitializer("exponent", Tensor.Scalar(0.3f))], ["root"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("MatMul", [root, w2], ["logits"]).Outputs[0]!);
        return new(graph, 18);
    }

    // Wide enough for its gradient to be given as two factors.
    private static OnnxModel WideNetwork()
    {
        var graph = new OnnxGraph("wide");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", WideFeatures)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([WideClasses, WideFeatures], new float[WideClasses * WideFeatures]));
        Value b = graph.AddInitializer("b", Tensor.Of<float>([WideClasses], new float[WideClasses]));
        graph.AddOutput(graph.AddNode("Gemm", [x, w, b], ["logits"], [KeyValuePair.Create("transB", AttributeValue.Of(1L))]).Outputs[0]!);
        return new(graph, 18);
    }

    // An operator that is undefined somewhere between two trained layers.
    private static OnnxModel BehindNetwork(string operation)
    {
        var graph = new OnnxGraph("behind");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        Value scale = graph.AddInitializer("scale", Tensor.Of<float>([2], [1.5f, 0.5f]));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([2, 3], [0.1f, -0.1f, 0.2f, 0.3f, 0.1f, -0.2f]));
        Value b = graph.AddInitializer("b", Tensor.Of<float>([3], [0.1f, 0.2f, 0.3f]));
        Value scaled = graph.AddNode("Mul", [x, scale], ["scaled"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("Gemm", [graph.AddNode(operation, [scaled], ["hidden"]).Outputs[0]!, w, b], ["logits"]).Outputs[0]!);
        return new(graph, 18);
    }

    private static OnnxModel LinearNetwork(bool isZero = false)
    {
        var graph = new OnnxGraph("linear");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", 2)));
        Value w = graph.AddInitializer("w", Tensor.Of<float>([2, 3], isZero ? new float[6] : [0.1f, -0.1f, 0.2f, 0.3f, 0.1f, -0.2f]));
        graph.AddOutput(graph.AddNode("MatMul", [x, w], ["logits"]).Outputs[0]!);
        return new(graph, 18);
    }
}
