using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Testing;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Tests;

[Trait("Category", "Unit")]
public sealed class PersonalModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public PersonalModelTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Predict_OneFloatInput_MatchesTheReference(int rows)
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, _) = LinearArtifacts.Data(rows);
        using PredictionBatch batch = model.Predict(input, rows);
        var reference = new LinearReference();
        double[] features = LinearReference.FeaturesOf(input), logits = reference.Logits(features);
        Assert.Equal((rows, 0L), (batch.Rows, batch.ParameterVersion));
        Close.Assert(features, batch.Boundary[0].Span<float>());
        Close.Assert(logits, batch.Logits.Span<float>());
        Close.Assert(LinearReference.Softmax(logits), batch.Predictions[0].Span<float>());
        Assert.Equal(Array.IndexOf(logits, logits[..3].Max()), batch.PredictedClass(0));
    }

    [Fact]
    public void Predict_BuffersInPlaceAndReusedBatch_GiveTheSameBits()
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, _) = LinearArtifacts.Data(5);
        using PredictionBatch expected = model.Predict(input, 5);
        var buffer = new TensorBuffer(ElementType.Float32, 5, 4);
        buffer.CopyFrom<float>(input);
        using PredictionBatch general = model.Predict([buffer]);
        using PredictionBatch inPlace = model.CreateBatch(5);
        inPlace.Inputs[0].CopyFrom<float>(input);
        model.Predict(inPlace);
        using PredictionBatch resized = model.CreateBatch(2);
        model.Predict(input, resized);
        foreach (PredictionBatch batch in new[] { general, inPlace, resized })
            Assert.Equal(expected.Logits.Bytes.ToArray(), batch.Logits.Bytes.ToArray());
    }

    [Fact]
    public void TrainStep_TenSteps_MatchTheReference()
    {
        using var model = PersonalModel.Open(_path);
        var reference = new LinearReference();
        for (int step = 0; step < 10; step++)
        {
            (float[] input, long[] labels) = LinearArtifacts.Data(8, seed: step);
            float[] features = [.. LinearReference.FeaturesOf(input).Select(f => (float)f)];
            double expected = reference.Step(input, labels, 0.3);
            StepResult result = model.TrainStep(features, labels, 0.3);
            Assert.Equal(expected, result.Loss, 1e-5);
            Assert.Equal((step + 1L, 8L), (result.ParameterVersion, result.LabelCount));
            Assert.InRange(result.CorrectCount!.Value, 0, 8);
        }

        Close.Assert(reference.Weight, model.GetParameter("w").Span<float>(), 1e-5);
        Close.Assert(reference.Bias, model.GetParameter("b").Span<float>(), 1e-5);
    }

    [Fact]
    public void TrainStep_EveryWayToGiveTheRows_GivesTheSameParameters()
    {
        (float[] input, long[] labels) = LinearArtifacts.Data(6);
        using var plain = PersonalModel.Open(_path);
        using PredictionBatch batch = plain.Predict(input, 6);
        var labelBuffer = new TensorBuffer(ElementType.Int64, 6);
        labelBuffer.CopyFrom<long>(labels);
        TensorBuffer[] boundary = [.. batch.Boundary];
        plain.TrainStep(batch.Boundary[0].Span<float>(), labels, 0.2);
        string[] runs = [];
        void Check(Action<PersonalModel> train, string expectedModel)
        {
            runs = [];
            using var model = PersonalModel.Open(_path, new() { RunHook = (file, stage) => runs = stage == RunStage.Before ? [.. runs, file] : runs });
            train(model);
            Assert.Equal(1, model.ParameterVersion);
            Assert.Equal(expectedModel, runs[^1]);
            // The logits of the two models come from different graphs, so the last bit may differ.
            Close.Assert(plain.GetParameter("w").Span<float>().ToArray().Select(v => (double)v), model.GetParameter("w").Span<float>(), 3e-7);
        }

        Check(m => m.TrainStep(boundary, labelBuffer, 0.2), ArtifactNames.TrainStep);
        Check(m => m.TrainStep(boundary, batch.Logits, logitsVersion: 0, labelBuffer, 0.2), ArtifactNames.TrainStepCached);
        Check(m => m.TrainStep(boundary, batch.Logits, logitsVersion: 3, labelBuffer, 0.2), ArtifactNames.TrainStep);
        Check(m => m.TrainStepOnInputs(input, labels, 0.2), ArtifactNames.TrainStepCached);
        Check(
            m =>
            {
                using PredictionBatch predicted = m.Predict(input, 6);
                m.TrainStep(predicted, labels, 0.2);
            },
            ArtifactNames.TrainStepCached);
    }

    [Fact]
    public void TrainStep_LogitsOfAnOlderVersion_AreNotUsed()
    {
        var runs = new List<string>();
        using var model = PersonalModel.Open(_path, new() { RunHook = (file, stage) => runs.Add(file) });
        (float[] input, long[] labels) = LinearArtifacts.Data(6);
        using PredictionBatch batch = model.Predict(input, 6);
        model.TrainStep(batch, labels, 0.2);
        runs.Clear();
        model.TrainStep(batch, labels, 0.2);
        Assert.All(runs, r => Assert.Equal(ArtifactNames.TrainStep, r));
    }

    [Fact]
    public void TrainStep_ArtifactsWithoutCachedStep_TrainsWithThePlainOne()
    {
        using var model = PersonalModel.Open(LinearArtifacts.Write(_folder.File("plain"), withCachedStep: false));
        (float[] input, long[] labels) = LinearArtifacts.Data(6);
        Assert.Equal(1, model.TrainStepOnInputs(input, labels, 0.2).ParameterVersion);
    }

    [Fact]
    public void Evaluate_MoreRowsThanOneBatch_MatchesTheReference()
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(150);
        EvaluationResult result = model.Evaluate(model.ExtractFeatures(input, labels));
        var reference = new LinearReference();
        double[] logits = reference.Logits(LinearReference.FeaturesOf(input));
        bool[] correct = [.. labels.Select((l, r) => Array.IndexOf(logits, logits.Skip(r * 3).Take(3).Max(), r * 3) - (r * 3) == l)];
        Assert.Equal(reference.Loss(input, labels), result.Loss, 1e-5);
        Assert.Equal(correct, result.CorrectRows);
        Assert.Equal(correct.Count(c => c) / 150.0, result.Accuracy!.Value, 12);
        Assert.Equal(0, result.ParameterVersion);
    }

    [Fact]
    public void Evaluate_IgnoredLabels_DoNotCountInTheirBatchLoss()
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(4);
        double expected = model.Evaluate(model.ExtractFeatures(input.AsSpan(0, 8), labels.AsSpan(0, 2))).Loss;
        labels[2] = labels[3] = -100;
        EvaluationResult result = model.Evaluate(model.ExtractFeatures(input, labels));
        Assert.Equal(2, result.LabelCount);
        Assert.Equal(expected, result.Loss, 1e-6);
        EvaluationResult none = model.Evaluate(model.ExtractFeatures(input.AsSpan(8, 8), labels.AsSpan(2, 2)));
        Assert.Equal((0L, null), (none.LabelCount, none.Accuracy));
        Assert.True(double.IsNaN(none.Loss));
    }

    [Fact]
    public void Open_ModelThatOnlyPredicts_LoadsNoTrainingModel()
    {
        using var model = PersonalModel.Open(_path);
        (float[] input, long[] labels) = LinearArtifacts.Data(2);
        model.Predict(input, 2).Dispose();
        Assert.False(model.IsTrainingLoaded);
        model.TrainStepOnInputs(input, labels, 0.1);
        Assert.True(model.IsTrainingLoaded);
    }

    [Fact]
    public void Open_UnknownProvider_ListsWhatIsThere()
    {
        var error = Assert.Throws<RunFailedException>(() => PersonalModel.Open(_path, new() { ExecutionProviders = ["Abacus"] }));
        Assert.Contains("'Abacus'", error.Message, StringComparison.Ordinal);
        Assert.Contains("CPU", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CPU")]
    [InlineData("cpuexecutionprovider")]
    public void Open_CpuProviderByName_Predicts(string provider)
    {
        using var model = PersonalModel.Open(_path, new() { ExecutionProviders = [provider], IntraOpThreads = 1, GraphOptimization = GraphOptimization.None, UsesMemoryPattern = false });
        using PredictionBatch batch = model.Predict(LinearArtifacts.Data(2).Input, 2);
        Assert.Equal(2, batch.Rows);
    }

    [Fact]
    public void Open_OptionOutOfRange_Throws() =>
        Assert.Throws<OptionsValidationException>(() => PersonalModel.Open(_path, new() { IntraOpThreads = -1 }));

    [Fact]
    public void Predict_RowsThatDoNotFit_AreRefused()
    {
        using var model = PersonalModel.Open(_path);
        Assert.Throws<ArgumentException>(() => model.Predict(new float[7], 2));
        Assert.Throws<ArgumentException>(() => model.Predict(new float[8], 3));
        Assert.Throws<ArgumentException>(() => model.Predict(new TensorBuffer[] { new(ElementType.Float32, 2, 5) }));
        Assert.Throws<ArgumentException>(() => model.Predict(new TensorBuffer[] { new(ElementType.Float64, 2, 4) }));
        Assert.Throws<ArgumentException>(() => model.Predict([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateBatch(0));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void TrainStep_LabelOutOfRange_IsRefusedBeforeAnyRun(long label)
    {
        int stepRuns = 0;
        using var model = PersonalModel.Open(_path, new() { RunHook = (_, _) => stepRuns++ });
        var error = Assert.Throws<ArgumentException>(() => model.TrainStep(new float[12], [0, label], 0.1));
        Assert.Contains($"The label {label} of row 1 is outside", error.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0L), (stepRuns, model.ParameterVersion));
    }

    [Fact]
    public void TrainStep_MistakesOfTheCaller_AreRefused()
    {
        using var model = PersonalModel.Open(_path);
        Assert.Throws<ArgumentException>(() => model.TrainStep(new float[12], [0], 0.1));
        Assert.Throws<ArgumentException>(() => model.TrainStep(new float[11], [0, 1], 0.1));
        Assert.Throws<ArgumentException>(() => model.TrainStep(new float[12], [-100, -100], 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.TrainStep(new float[12], [0, 1], double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.TrainStep(new float[12], [0, 1], 0));
        using PredictionBatch notRun = model.CreateBatch(2);
        Assert.Throws<ArgumentException>(() => model.TrainStep(notRun, [0, 1], 0.1));
        using var other = PersonalModel.Open(_path);
        Assert.Throws<ArgumentException>(() => other.Predict(notRun));
    }

    [Fact]
    public void Dispose_Twice_LaterUseThrows()
    {
        var model = PersonalModel.Open(_path);
        PredictionBatch batch = model.Predict(LinearArtifacts.Data(2).Input, 2);
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Predict(batch));
        Assert.Throws<ObjectDisposedException>(() => model.TrainStep(new float[12], [0, 1], 0.1));
        Assert.Throws<ObjectDisposedException>(() => model.GetParameter("w"));
        batch.Dispose();
        batch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch.Logits);
    }
}
