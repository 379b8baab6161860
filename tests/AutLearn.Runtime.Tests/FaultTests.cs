using AutLearn.Graph.Artifacts;
using AutLearn.Testing;
using CsCheck;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Tests;

[Trait("Category", "Fault")]
public sealed class FaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public FaultTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(nameof(RunStage.Before))]
    [InlineData(nameof(RunStage.After))]
    public void TrainStep_RunFailsOnAnyCall_LeavesThePreviousVersion(string stageName)
    {
        RunStage at = Enum.Parse<RunStage>(stageName);
        (float[] input, long[] labels) = LinearArtifacts.Data(8);
        float[] features = [.. LinearReference.FeaturesOf(input).Select(f => (float)f)];
        using var expected = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        for (int failing = 0; failing < 6; failing++)
        {
            int call = 0;
            using var model = PersonalModel.Open(_path, new()
            {
                IntraOpThreads = 1,
                RunHook = (_, stage) =>
                {
                    if (stage == at && call++ == failing)
                        throw new InjectedException();
                },
            });
            byte[] before = [];
            for (int step = 0; step < failing; step++)
                model.TrainStep(features, labels, 0.3);
            before = model.GetParameter("w").Bytes.ToArray();
            Assert.Throws<InjectedException>(() => model.TrainStep(features, labels, 0.3));
            Assert.Equal(failing, model.ParameterVersion);
            Assert.Equal(before, model.GetParameter("w").Bytes.ToArray());
            // Optimizer state is intact too: the next steps are those of a model that never failed.
            for (int step = failing; step < 6; step++)
                model.TrainStep(features, labels, 0.3);
            if (failing == 0)
            {
                for (int step = 0; step < 6; step++)
                    expected.TrainStep(features, labels, 0.3);
            }

            Assert.Equal(expected.GetParameter("w").Bytes.ToArray(), model.GetParameter("w").Bytes.ToArray());
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void TrainStep_LossNotFinite_IsNotApplied(float value)
    {
        using var model = PersonalModel.Open(_path);
        float[] features = new float[12];
        features[3] = value;
        var error = Assert.Throws<NonFiniteStepException>(() => model.TrainStep(features, [0, 1], 0.1));
        Assert.False(float.IsFinite(error.Loss));
        Assert.Equal(0, error.ParameterVersion);
        Assert.Equal(LinearArtifacts.Weight, model.GetParameter("w").Span<float>().ToArray());
        features[3] = 1;
        Assert.Equal(1, model.TrainStep(features, [0, 1], 0.1).ParameterVersion);
        Assert.DoesNotContain(model.GetParameter("w").Span<float>().ToArray(), float.IsNaN);
    }

    [Fact]
    public void TrainStep_CancelledWhileRunning_StopsTheNativeRun()
    {
        var source = new CancellationTokenSource();
        int finished = 0;
        using var model = PersonalModel.Open(_path, new()
        {
            RunHook = (_, stage) =>
            {
                // The token sets the flag that the native run looks at between nodes; a run that reaches its end was not stopped.
                if (stage == RunStage.Before && source.Token.CanBeCanceled)
                    source.Cancel();
                finished += stage == RunStage.After ? 1 : 0;
            },
        });
        var error = Assert.Throws<OperationCanceledException>(() => model.TrainStep(new float[12], [0, 1], 0.1, source.Token));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal((0, 0L), (finished, model.ParameterVersion));
        Assert.Equal(LinearArtifacts.Weight, model.GetParameter("w").Span<float>().ToArray());
        Assert.Throws<OperationCanceledException>(() => model.TrainStepOnInputs(LinearArtifacts.Data(2).Input, [0, 1], 0.1, source.Token));
        Assert.Equal(1, model.TrainStep(new float[12], [0, 1], 0.1).ParameterVersion);
        source.Dispose();
    }

    [Fact]
    public void Predict_CancelledWhileRunning_LeavesTheBatchUsable()
    {
        CancellationTokenSource? armed = null;
        using var model = PersonalModel.Open(_path, new() { RunHook = (_, stage) => armed?.Cancel() });
        (float[] input, _) = LinearArtifacts.Data(3);
        using PredictionBatch batch = model.CreateBatch(3);
        armed = new();
        Assert.Throws<OperationCanceledException>(() => model.Predict(input, batch, armed.Token));
        Assert.Equal(-1, batch.ParameterVersion);
        armed.Dispose();
        armed = null;
        model.Predict(input, batch);
        Close.Assert(new LinearReference().Logits(LinearReference.FeaturesOf(input)), batch.Logits.Span<float>());
    }

    [Fact]
    public void Open_AnyFileMutated_RaisesNothingButTheLibrarysErrors()
    {
        string folder = LinearArtifacts.Write(_folder.File("set"));
        (float[] input, long[] labels) = LinearArtifacts.Data(4);
        string[] files = [.. Directory.EnumerateFiles(folder).Order()];
        Dictionary<string, byte[]> originals = files.ToDictionary(f => f, File.ReadAllBytes);
        int refused = 0;
        Gen.Select(Gen.Int[0, files.Length - 1], Gen.Select(Gen.Double[0, 1], Gen.Byte).Array[1, 5], Gen.Int[0, 5], Gen.Double[0, 1]).Sample(
            (index, edits, cut, length) =>
            {
                string file = files[index];
                byte[] copy = (byte[])originals[file].Clone();
                foreach ((double at, byte value) in edits)
                    copy[(int)(at * (copy.Length - 1))] = value;
                File.WriteAllBytes(file, cut == 0 ? copy[..(int)(length * copy.Length)] : copy);
                try
                {
                    using var model = PersonalModel.Open(folder);
                    model.TrainStepOnInputs(input, labels, 0.1);
                    model.TrainStep(new float[24], labels, 0.1);
                    model.Evaluate(model.ExtractFeatures(input, labels));
                }
                catch (AutLearnException error)
                {
                    refused++;
                    return error.File is not null;
                }
                finally
                {
                    File.WriteAllBytes(file, originals[file]);
                }

                return true;
            },
            iter: 400,
            threads: 1);
        Assert.True(refused > 200, $"only {refused} of 400 mutations were noticed");
    }

    [Fact]
    public void TrainStep_ModelThatContradictsItsManifest_NamesTheModel()
    {
        ArtifactManifest manifest = LinearArtifacts.Manifest;
        string folder = LinearArtifacts.Write(_folder.File("set"));
        Dictionary<string, byte[]> files = Directory.EnumerateFiles(folder).ToDictionary(f => Path.GetFileName(f)!, File.ReadAllBytes);
        void Refuses(ArtifactManifest changed, string file, string reason)
        {
            var writer = new ArtifactWriter(changed);
            foreach ((string name, byte[] bytes) in files.Where(f => f.Key != ArtifactNames.Manifest))
                writer.Add(name, bytes);
            string path = _folder.File("changed.autlearn");
            writer.Write(path);
            using var model = PersonalModel.Open(path);
            var error = Assert.Throws<InvalidArtifactException>(() => model.TrainStepOnInputs(LinearArtifacts.Data(2).Input, [0, 1], 0.1));
            Assert.Equal(file, error.File);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }

        Refuses(manifest with { Inputs = [manifest.Inputs[0] with { Name = "y" }] }, ArtifactNames.Inference, "takes the input 'x'");
        Refuses(manifest with { LossOutput = "cost" }, ArtifactNames.TrainStepCached, "no output 'cost'");
        Refuses(manifest with { Predictions = [manifest.Predictions[0] with { ElementType = Graph.ElementType.Float64 }] }, ArtifactNames.Inference, "does not hold Float64");
    }

    [Fact]
    public void Predict_ShapeThatTheModelContradicts_FailsAndLeavesTheModelUsable()
    {
        ArtifactManifest manifest = LinearArtifacts.Manifest;
        string folder = LinearArtifacts.Write(_folder.File("set"));
        var writer = new ArtifactWriter(manifest with { Predictions = [manifest.Predictions[0] with { Shape = ["N", "5"] }] });
        foreach (string file in Directory.EnumerateFiles(folder).Where(f => !f.EndsWith(ArtifactNames.Manifest, StringComparison.Ordinal)))
            writer.Add(Path.GetFileName(file), File.ReadAllBytes(file));
        writer.Write(_folder.File("changed.autlearn"));
        using var model = PersonalModel.Open(_folder.File("changed.autlearn"));
        var error = Assert.Throws<RunFailedException>(() => model.Predict(LinearArtifacts.Data(2).Input, 2));
        Assert.IsType<OnnxRuntimeException>(error.InnerException);
        Assert.Equal(1, model.TrainStep(new float[12], [0, 1], 0.1).ParameterVersion);
    }

    private sealed class InjectedException : Exception;
}
