using AutLearn.Graph.Artifacts;

namespace AutLearn.Graph.Tests.Artifacts;

/// <summary>A small consistent set of artifacts; its model files hold no models.</summary>
internal static class SampleArtifacts
{
    public static ArtifactManifest Manifest { get; } = new()
    {
        FormatVersion = ArtifactManifest.CurrentFormatVersion,
        Producer = "test",
        ModelName = "sample",
        BaseModelSha256 = new string('a', 64),
        BackboneSha256 = new string('b', 64),
        Opset = 17,
        BatchSymbol = "N",
        Inputs = [new("x", ElementType.Float32, ["N", "4"])],
        Predictions = [new("probabilities", ElementType.Float32, ["N", "3"])],
        Logits = new("logits", ElementType.Float32, ["N", "3"]),
        Boundary = [new(new("features", ElementType.Float32, ["N", "4"]), "features", null)],
        Labels = new("labels", ElementType.Int64, ["N"]),
        Parameters = [new(new("w", ElementType.Float32, ["3", "4"]), "w_new", ParameterRole.Trainable)],
        OptimizerState = [new(new("w_momentum", ElementType.Float32, ["3", "4"]), "w_momentum_new", "w", "momentum", 0)],
        LearningRateInput = "learning_rate",
        LossOutput = "loss",
        Metrics = [new(new("correct_count", ElementType.Int64, []), "correct_count")],
        Loss = new("softmax_cross_entropy") { IgnoreIndex = -100 },
        Optimizer = new("sgd") { Momentum = 0.9 },
        Defaults = new(0.01, 16, 3),
        Preprocessing = new(28, 28, 1, 127.5f, 127.5f, 1f),
        Classes = ["a", "b", "c"],
        Files = [],
    };

    public static ArtifactWriter Writer(ArtifactManifest? manifest = null)
    {
        var writer = new ArtifactWriter(manifest ?? Manifest);
        foreach (string name in new[] { ArtifactNames.Inference, ArtifactNames.TrainStep, ArtifactNames.Evaluation })
            writer.Add(name, Content(name));
        writer.Add(ArtifactNames.Parameters, new SafetensorsFile([new("w", Tensor.Of<float>([3, 4], new float[12]))]).ToBytes());
        writer.Add(ArtifactNames.OrtTrainingFolder + "/checkpoint", Content("checkpoint"));
        return writer;
    }

    public static byte[] Content(string name)
    {
        byte[] bytes = new byte[200];
        new Random(name.Length).NextBytes(bytes);

        // Encoded as one field that no version of ONNX knows: a model file must at least be a message.
        new byte[] { 0xA2, 0x06, 0xC4, 0x01 }.CopyTo(bytes, 0);
        return bytes;
    }
}
