using AutLearn.Compiler;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Updates;

/// <summary>The runtime's one pass over memory does what the operators of the whole step do.</summary>
[Trait("Category", "Conformance")]
public sealed class UpdateAgreementTests : IDisposable
{
    private const int Steps = 40;
    private const double Rate = 0.02;
    private const double Tolerance = 2e-5;

    private static readonly Dictionary<string, Func<Optimizer>> Optimizers = new()
    {
        ["sgd"] = () => new SgdOptimizer(),
        ["sgd-decay"] = () => new SgdOptimizer { WeightDecay = 0.1 },
        ["momentum"] = () => new SgdOptimizer { Momentum = 0.9 },
        ["momentum-decay"] = () => new SgdOptimizer { Momentum = 0.9, WeightDecay = 0.1 },
        ["nesterov"] = () => new SgdOptimizer { Momentum = 0.8, IsNesterov = true },
        ["nesterov-decay"] = () => new SgdOptimizer { Momentum = 0.8, IsNesterov = true, WeightDecay = 0.05 },
        ["adam"] = () => new AdamOptimizer(),
        ["adam-decay"] = () => new AdamOptimizer { Beta1 = 0.8, Beta2 = 0.99, Epsilon = 1e-6, WeightDecay = 0.1 },
        ["adamw"] = () => new AdamWOptimizer { WeightDecay = 0.3 },
        ["adamw-transformers"] = () => new AdamWOptimizer { Form = AdamWForm.Transformers, Epsilon = 1e-3, WeightDecay = 0.3 },
        ["adamw-uncorrected"] = () => new AdamWOptimizer { SkipsBiasCorrection = true, Epsilon = 1e-3, WeightDecay = 0.3 },
        ["adamw-transformers-uncorrected"] = () => new AdamWOptimizer { Form = AdamWForm.Transformers, SkipsBiasCorrection = true, Epsilon = 1e-3, WeightDecay = 0.3 },
        ["adagrad"] = () => new AdagradOptimizer(),
        ["adagrad-decay"] = () => new AdagradOptimizer { InitialAccumulator = 0.1, WeightDecay = 0.1 },
        ["rmsprop"] = () => new RmsPropOptimizer(),
        ["rmsprop-momentum-decay"] = () => new RmsPropOptimizer { Alpha = 0.9, Momentum = 0.7, WeightDecay = 0.1 },
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, double, int, ElementType> Rows()
    {
        var rows = new TheoryData<string, double, int, ElementType>();
        foreach (string optimizer in Optimizers.Keys)
        {
            foreach (ElementType type in (ElementType[])[ElementType.Float32, ElementType.Float16])
            {
                rows.Add(optimizer, 0, 1, type);
                rows.Add(optimizer, 0.05, 1, type);
                rows.Add(optimizer, 0, 3, type);
                rows.Add(optimizer, 0.05, 3, type);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void TrainStep_FortyTimes_AgreesWithTheWholeStep(string optimizer, double clip, int window, ElementType type)
    {
        string path = Compile(optimizer, clip, window, type);
        using PersonalModel split = PersonalModel.Open(path), whole = PersonalModel.Open(path, new() { RunsWholeSteps = true });
        Assert.Equal(optimizer.StartsWith("sgd", StringComparison.Ordinal) && clip == 0 && window == 1, split.Manifest.Gradients.IsEmpty);
        for (int step = 0; step < Steps; step++)
        {
            (float[] input, long[] labels) = Perceptron.Batch(step % 5);
            if (step % 7 == 3)
                labels[4] = -100;
            TensorBuffer features = Buffer(type, input, labels.Length), classes = new(ElementType.Int64, labels.Length);
            classes.CopyFrom<long>(labels);
            StepResult ours = split.TrainStep([features], classes, Rate), theirs = whole.TrainStep([features], classes, Rate);
            Assert.Equal((theirs.IsUpdate, theirs.LabelCount, theirs.ParameterVersion), (ours.IsUpdate, ours.LabelCount, ours.ParameterVersion));
            Assert.Equal(theirs.Loss, ours.Loss, type == ElementType.Float32 ? 1e-4 : 0.02);
            if (clip > 0 && ours.IsUpdate)
                Assert.Equal(theirs.GradientNorm!.Value, ours.GradientNorm!.Value, type == ElementType.Float32 ? 1e-4 : 0.02);

            // Half precision rounds each parameter to 3 digits, so that only the first steps start from the same numbers.
            if (type == ElementType.Float32 || step < window)
                AssertSame(whole, split, type == ElementType.Float32 ? Tolerance : 1e-3);
            if (step == 30)
                Assert.Equal(whole.ApplyAccumulated(Rate), split.ApplyAccumulated(Rate));
        }
    }

    [Theory]
    [InlineData("momentum", 1)]
    [InlineData("adam", 1)]
    [InlineData("adam-decay", 3)]
    [InlineData("rmsprop-momentum-decay", 1)]
    public void SaveState_OfOneWay_GoesOnInTheOther(string optimizer, int window)
    {
        string path = Compile(optimizer, 0.05, window, ElementType.Float32), state = _folder.File("way.state");
        using PersonalModel split = PersonalModel.Open(path), whole = PersonalModel.Open(path, new() { RunsWholeSteps = true });
        for (int step = 0; step < 4; step++)
            Train(split, step);
        split.SaveState(state);
        whole.LoadState(state);
        for (int step = 4; step < 20; step++)
        {
            Train(split, step);
            Train(whole, step);
        }

        AssertSame(whole, split, Tolerance);
    }

    [Theory]
    [InlineData("momentum", 0, 1)]
    [InlineData("adam", 0.05, 1)]
    [InlineData("adamw", 0.05, 3)]
    [InlineData("rmsprop", 0, 1)]
    public void TrainStep_RepeatedSavedAndShared_GivesTheSameBits(string optimizer, double clip, int window)
    {
        // Large enough for several pieces, so that the second thread has something to do.
        string path = Compile(optimizer, clip, window, ElementType.Float32, hidden: 20_000), state = _folder.File("bits.state");
        using PersonalModel first = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        using PersonalModel second = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        using PersonalModel shared = PersonalModel.Open(path, new() { IntraOpThreads = 2 });
        for (int step = 0; step < 8; step++)
        {
            Train(first, step);
            Train(second, step);
            Train(shared, step);
            if (step is 3 or 5)
            {
                // What the other set held is forgotten in between.
                second.SaveState(state);
                second.Reset();
                second.LoadState(state);
            }
        }

        foreach (string name in Perceptron.Names(first))
        {
            Assert.Equal(Perceptron.Values(first, name), Perceptron.Values(second, name));
            Assert.Equal(Perceptron.Values(first, name), Perceptron.Values(shared, name));
        }
    }

    private static TensorBuffer Buffer(ElementType type, float[] values, int rows)
    {
        var buffer = new TensorBuffer(type, rows, values.Length / rows);
        if (type == ElementType.Float16)
            buffer.CopyFrom<Half>([.. values.Select(v => (Half)v)]);
        else
            buffer.CopyFrom<float>(values);
        return buffer;
    }

    private static void Train(PersonalModel model, int step)
    {
        (float[] input, long[] labels) = Perceptron.Batch(step);
        model.TrainStep(input, labels, Rate);
    }

    private static void AssertSame(PersonalModel expected, PersonalModel actual, double tolerance)
    {
        foreach (string name in Perceptron.Names(expected))
        {
            double difference = Perceptron.Difference(Perceptron.Values(expected, name), Perceptron.Values(actual, name));
            Assert.True(difference <= tolerance, $"{name} differs by {difference}.");
        }
    }

    private string Compile(string optimizer, double clip, int window, ElementType type, int hidden = Perceptron.Hidden)
    {
        string path = _folder.File("model.autlearn");
        ModelCompiler.Compile(Perceptron.Create(type, hidden), new()
        {
            Trainable = TrainableSelection.All,
            Optimizer = Optimizers[optimizer](),
            Loss = new SoftmaxCrossEntropyLoss { IgnoreIndex = -100 },
            ClipNorm = clip > 0 ? clip : null,
            AccumulationSteps = window,
        }).SavePackage(path);
        return path;
    }
}
