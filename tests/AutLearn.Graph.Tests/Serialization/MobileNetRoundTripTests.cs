using AutLearn.Graph.Serialization;
using AutLearn.Testing;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Graph.Tests.Serialization;

[Trait("Category", "Conformance")]
public sealed class MobileNetRoundTripTests
{
    private const string File = "mobilenet/mobilenet_v1_0.75_224.onnx";

    [SkippableFact]
    public void Read_MobileNet_FindsItsParts()
    {
        OnnxModel model = OnnxFile.Read(TestData.PathOrSkip(File));

        Assert.Equal((7, 13), (model.IrVersion, model.Opset));
        Assert.Equal(85, model.Graph.Nodes.Count);
        Assert.Equal(["features", "logits", "probabilities"], model.Graph.Outputs.Select(o => o.Name));
        Assert.Equal(new Shape("N", 3, 224, 224).ToString(), model.Graph.Inputs.Single(i => i.Initializer is null).Shape!.ToString());
        Assert.Equal(1000 * 768, model.Graph.Find("classifier.weight")!.Initializer!.Count);
    }

    [SkippableFact]
    public void WriteThenRead_MobileNet_GivesTheSameModelAndBytes()
    {
        OnnxModel model = OnnxFile.Read(TestData.PathOrSkip(File));

        byte[] bytes = OnnxFile.ToBytes(model);
        OnnxModel again = OnnxFile.Read(bytes, "again");

        ModelComparison.AssertEqual(model, again);
        Assert.True(bytes.AsSpan().SequenceEqual(OnnxFile.ToBytes(again)));
        Assert.True(bytes.AsSpan().SequenceEqual(OnnxFile.ToBytes(model.Clone())));
    }

    [SkippableFact]
    public void WriteThenRun_MobileNet_GivesTheSameOutputs()
    {
        string path = TestData.PathOrSkip(File);
        OnnxModel model = OnnxFile.Read(path);
        string folder = Directory.CreateTempSubdirectory("autlearn").FullName;
        try
        {
            string external = Path.Combine(folder, "model.onnx");
            OnnxFile.Write(model, external, new OnnxWriteOptions { ExternalDataThresholdInBytes = 1024 });
            Assert.True(new FileInfo(external).Length < 100_000);

            float[] expected = Run(System.IO.File.ReadAllBytes(path), null);
            Assert.Equal(expected, Run(OnnxFile.ToBytes(model), null));
            Assert.Equal(expected, Run(null, external));
            ModelComparison.AssertEqual(model, OnnxFile.Read(external));
            Assert.Equal(2, Directory.GetFiles(folder).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static float[] Run(byte[]? bytes, string? path)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using InferenceSession session = bytes is not null ? new(bytes, options) : new(path, options);
        var random = new Random(7);
        float[] pixels = [.. Enumerable.Range(0, 3 * 224 * 224).Select(_ => (random.NextSingle() * 2) - 1)];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, 224, 224]);
        using var run = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["input"], [input], ["features", "logits", "probabilities"]);
        return [.. outputs.SelectMany(o => o.GetTensorDataAsSpan<float>().ToArray())];
    }
}
