using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Tests.Stores;
using AutLearn.Testing;
using CsCheck;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Runtime.Tests;

[Trait("Category", "Unit")]
public sealed class StateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public StateTests() => _path = LinearArtifacts.Write(_folder.File("model.autlearn"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Parameters_FreshModel_AreTheInitialOnes()
    {
        using var model = PersonalModel.Open(_path);
        Assert.Equal(["w", "b"], model.Parameters.Select(p => p.Tensor.Name));
        Assert.Equal(LinearArtifacts.Weight, model.GetParameter("w").Span<float>().ToArray());
        Assert.Equal([3L, 6L], model.GetParameter("w").Dimensions.AsSpan());
        Assert.Throws<ArgumentException>(() => model.GetParameter("w_momentum"));
    }

    [Fact]
    public void SetParameters_OneOfTwo_ReplacesItAlone()
    {
        using var model = PersonalModel.Open(_path);
        model.SetParameters([new("b", Tensor.Of<float>([3], [7f, 0f, 0f]))]);
        Assert.Equal(1, model.ParameterVersion);
        Assert.Equal(LinearArtifacts.Weight, model.GetParameter("w").Span<float>().ToArray());
        using PredictionBatch batch = model.Predict(LinearArtifacts.Data(1).Input, 1);
        Assert.Equal(0, batch.PredictedClass(0));
        Assert.Throws<ArgumentException>(() => model.SetParameters([new("b", Tensor.Of<float>([4], new float[4]))]));
        Assert.Throws<ArgumentException>(() => model.SetParameters([new("b", Tensor.Of<double>([3], new double[3]))]));
        Assert.Throws<ArgumentException>(() => model.SetParameters([new("c", Tensor.Of<float>([3], new float[3]))]));
        Assert.Equal(1, model.ParameterVersion);
    }

    [Fact]
    public void LoadState_AfterTraining_GoesOnBitByBit()
    {
        string file = _folder.File("state.safetensors");
        using var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        Train(model, 5);
        model.SaveState(file);
        Train(model, 5, first: 5);
        using var resumed = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        resumed.LoadState(file);
        Assert.Equal(5, resumed.ParameterVersion);
        Train(resumed, 5, first: 5);
        Assert.Equal(10, resumed.ParameterVersion);
        Assert.Equal(model.GetParameter("w").Bytes.ToArray(), resumed.GetParameter("w").Bytes.ToArray());
        Assert.Equal(model.GetParameter("b").Bytes.ToArray(), resumed.GetParameter("b").Bytes.ToArray());
    }

    [Fact]
    public void Reset_AfterTraining_RestoresParametersAndOptimizerState()
    {
        using var model = PersonalModel.Open(_path, new() { IntraOpThreads = 1 });
        Train(model, 3);
        byte[] once = model.GetParameter("w").Bytes.ToArray();
        model.Reset();
        Assert.Equal(4, model.ParameterVersion);
        Assert.Equal(LinearArtifacts.Weight, model.GetParameter("w").Span<float>().ToArray());
        Train(model, 3);
        Assert.Equal(once, model.GetParameter("w").Bytes.ToArray());
    }

    [Fact]
    public void LoadState_LowerVersion_NeverRepeatsAVersion()
    {
        string file = _folder.File("state.safetensors");
        using var model = PersonalModel.Open(_path);
        Train(model, 2);
        model.SaveState(file);
        Train(model, 3);
        model.LoadState(file);
        Assert.Equal(6, model.ParameterVersion);
    }

    [Theory]
    [InlineData("backbone_sha256", "cc", "another backbone")]
    [InlineData("optimizer", "adam", "optimizer 'adam'")]
    [InlineData("format", "other", "no saved state")]
    [InlineData("parameter_version", "-3", "no parameter version")]
    public void LoadState_OfAnotherModel_SaysWhyAndChangesNothing(string key, string value, string reason)
    {
        string file = _folder.File("state.safetensors");
        using var model = PersonalModel.Open(_path);
        Train(model, 2);
        model.SaveState(file);
        SafetensorsFile saved = SafetensorsFile.Read(file);
        new SafetensorsFile(saved.Tensors, saved.Metadata.SetItem(key, value)).Write(file);
        Refuses(model, file, reason);
        new SafetensorsFile(saved.Tensors.Remove("state/w_momentum"), saved.Metadata).Write(file);
        Refuses(model, file, "3 tensors");
        new SafetensorsFile(saved.Tensors.SetItem("parameter/b", Tensor.Of<float>([2], new float[2])), saved.Metadata).Write(file);
        Refuses(model, file, "'b' must be Float32[3]");
        Assert.Equal(2, model.ParameterVersion);
    }

    [Fact]
    [Trait("Category", "Fault")]
    public void LoadState_EveryBitOfAPlainFileFlipped_IsRefusedOrLoadsWhatWasSaved()
    {
        string file = _folder.File("state.safetensors");
        using var model = PersonalModel.Open(_path);
        Train(model, 2);
        model.SaveState(file);
        byte[] saved = model.CaptureState(), intact = File.ReadAllBytes(file);
        int loaded = 0;
        for (int bit = 0; bit < intact.Length * 8; bit++)
        {
            byte[] damaged = [.. intact];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(file, damaged);
            using PersonalModel other = model.Fork();
            try
            {
                other.LoadState(file);
                Assert.Equal(saved, other.CaptureState());
                loaded++;
            }
            catch (InvalidArtifactException error)
            {
                Assert.Equal(file, error.File);
            }
        }

        // Only a checksum whose own name is damaged is not found, and the padding of the header.
        Assert.InRange(loaded, 0, 8 * 16);
    }

    [Fact]
    public void LoadState_WithoutAChecksum_LoadsAsFromAnEarlierVersion()
    {
        string file = _folder.File("state.safetensors");
        using var model = PersonalModel.Open(_path);
        Train(model, 2);
        model.SaveState(file);
        SafetensorsFile saved = SafetensorsFile.Read(file);
        new SafetensorsFile(saved.Tensors.SetItem("parameter/b", Tensor.Of<float>([3], [1f, 2f, 3f])), saved.Metadata).Write(file);
        Assert.Contains("damaged", Assert.Throws<InvalidArtifactException>(() => model.LoadState(file)).Message, StringComparison.Ordinal);
        new SafetensorsFile(saved.Tensors, saved.Metadata.Remove("sha256")).Write(file);
        using var old = PersonalModel.Open(_path);
        old.LoadState(file);
        Assert.Equal(model.GetParameter("w").Bytes.ToArray(), old.GetParameter("w").Bytes.ToArray());
    }

    [Fact]
    [Trait("Category", "Fault")]
    public void LoadState_MutatedFile_LoadsOrIsRefusedByTheLibrary()
    {
        string file = _folder.File("state.safetensors");
        using var model = PersonalModel.Open(_path);
        model.SaveState(file);
        byte[] bytes = File.ReadAllBytes(file);
        Gen.Select(Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Array[1, 6], Gen.Int[0, 5], Gen.Int[0, bytes.Length]).Sample(
            (edits, cut, length) =>
            {
                byte[] copy = (byte[])bytes.Clone();
                foreach ((int at, byte value) in edits)
                    copy[at] = value;
                File.WriteAllBytes(file, cut == 0 ? copy[..length] : copy);
                long before = model.ParameterVersion;
                try
                {
                    model.LoadState(file);
                }
                catch (AutLearnException error)
                {
                    return error.File == file && model.ParameterVersion == before;
                }

                return model.ParameterVersion > before;
            },
            iter: 1000,
            threads: 1);
    }

    [Fact]
    public void SaveState_WithAKey_HidesTheParametersAndLoadsBack()
    {
        using var profile = new ProfileFolder();
        DeviceFileSystem.Instance.CreateFolder(profile.Path);
        string file = profile.File("me.state");
        using var model = PersonalModel.Open(_path);
        Train(model, 3);
        byte[] needle = model.GetParameter("w").Bytes.ToArray();
        model.SaveState(file);
        Assert.Equal([file], profile.Holding(needle));
        using var resumed = PersonalModel.Open(_path);
        resumed.LoadState(file, profile.Key);
        resumed.SaveState(file, profile.Key);
        Assert.Empty(profile.Holding(needle));
        Refuses(resumed, file, "sealed");
        File.Move(file, profile.File("moved.state"));
        using var again = PersonalModel.Open(_path);
        again.LoadState(profile.File("moved.state"), profile.Key);
        Assert.Equal(needle, again.GetParameter("w").Bytes.ToArray());
        using ProfileKey other = ProfileKey.Open(profile.File("other.key"), new KeyFileProtector(profile.File("other-profile.key")));
        Assert.Contains("another key", Assert.Throws<InvalidArtifactException>(() => again.LoadState(profile.File("moved.state"), other)).Message, StringComparison.Ordinal);
        _ = other.DeriveKey("any");
        Assert.Contains("another key", Assert.Throws<InvalidArtifactException>(() => again.LoadState(profile.File("moved.state"), other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Fault")]
    public void LoadState_EveryByteOfASealedFileChangedOrCut_IsRefusedAndChangesNothing()
    {
        using var profile = new ProfileFolder();
        DeviceFileSystem.Instance.CreateFolder(profile.Path);
        string file = profile.File("me.state");
        using var model = PersonalModel.Open(_path);
        Train(model, 1);
        model.SaveState(file, profile.Key);
        byte[] intact = File.ReadAllBytes(file);
        for (int at = 0; at < intact.Length; at++)
        {
            byte[] damaged = [.. intact];
            damaged[at] ^= 0x10;
            File.WriteAllBytes(file, damaged);
            Assert.Equal(file, Assert.Throws<InvalidArtifactException>(() => model.LoadState(file, profile.Key)).File);
            File.WriteAllBytes(file, intact[..at]);
            Assert.Throws<InvalidArtifactException>(() => model.LoadState(file, profile.Key));
        }

        Assert.Equal(1, model.ParameterVersion);
    }

    [Fact]
    [Trait("Category", "Fault")]
    public void SaveAndLoadState_AfterAKilledSave_EraseWhatItLeft()
    {
        string file = _folder.File("me.state"), leftover = file + ".0123456789abcdef0123456789abcdef.tmp";
        using var model = PersonalModel.Open(_path);
        File.WriteAllBytes(leftover, new byte[100]);
        model.SaveState(file);
        Assert.False(File.Exists(leftover));
        File.WriteAllBytes(leftover, new byte[100]);
        model.LoadState(file);
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public void Export_TrainedModel_PredictsTheSameInPlainOnnxRuntime()
    {
        string file = _folder.File("exported.onnx");
        using var model = PersonalModel.Open(_path);
        Train(model, 4);
        model.Export(file);
        (float[] input, _) = LinearArtifacts.Data(9);
        using PredictionBatch batch = model.Predict(input, 9);
        using var session = new InferenceSession(file);
        Assert.Equal(["x"], session.InputNames);
        Assert.Equal(["probabilities"], session.OutputNames);
        using var options = new RunOptions();
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(input, [9, 4]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["x"], [x], ["probabilities"]);
        Close.Assert(batch.Predictions[0].Span<float>().ToArray().Select(v => (double)v), outputs[0].GetTensorDataAsSpan<float>(), 1e-6);
    }

    [Fact]
    public void SaveState_FolderThatDoesNotExist_ThrowsAndModelStaysUsable()
    {
        using var model = PersonalModel.Open(_path);
        string path = Path.Combine(_folder.Path, "none", "state.safetensors");
        foreach (Action write in new Action[] { () => model.SaveState(path), () => model.Export(path), () => PersonalFile.Write(path, "x"u8) })
        {
            var error = Assert.Throws<DirectoryNotFoundException>(write);
            Assert.Contains($"'{path}'", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(".tmp", error.Message, StringComparison.Ordinal);
        }

        Assert.Contains($"'{_folder.Path}'", Assert.Throws<IOException>(() => model.SaveState(_folder.Path)).Message, StringComparison.Ordinal);
        Train(model, 1);
        Assert.Equal(1, model.ParameterVersion);
    }

    private static void Refuses(PersonalModel model, string file, string reason)
    {
        var error = Assert.Throws<InvalidArtifactException>(() => model.LoadState(file));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(file, error.File);
    }

    private static void Train(PersonalModel model, int steps, int first = 0)
    {
        for (int step = first; step < first + steps; step++)
        {
            (float[] input, long[] labels) = LinearArtifacts.Data(8, seed: step);
            model.TrainStepOnInputs(input, labels, 0.2);
        }
    }
}
