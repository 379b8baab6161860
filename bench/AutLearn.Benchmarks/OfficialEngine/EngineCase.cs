using System.Text.Json.Nodes;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Benchmarks.OfficialEngine;

/// <summary>A network with optimizer and batch, compiled for both sides into a folder that <c>official-engine.mjs</c> reads.</summary>
internal sealed class EngineCase
{
    /// <summary>The engine's web build has no setter for its learning rate.</summary>
    private const float Rate = 0.001f;

    private EngineCase(string file, int officialNodes, long officialBytes, int nodes, long bytes)
    {
        File = file;
        OfficialNodes = officialNodes;
        OfficialBytes = officialBytes;
        Nodes = nodes;
        Bytes = bytes;
    }

    /// <summary>Gets the path of the description.</summary>
    public string File { get; }

    /// <summary>Gets the nodes of the training and the optimizer model.</summary>
    public int OfficialNodes { get; }

    /// <summary>Gets the size of the four files.</summary>
    public long OfficialBytes { get; }

    /// <summary>Gets the nodes of the step.</summary>
    public int Nodes { get; }

    /// <summary>Gets the size of all files of the device artifacts.</summary>
    public long Bytes { get; }

    public static EngineCase Write(EngineNetwork network, Optimizer optimizer, int batch, JsonObject measurement, string folder)
    {
        OnnxModel model = network.Create();
        var options = new CompileOptions { Trainable = network.Trainable, Optimizer = optimizer };
        OrtTrainingArtifacts official = OrtTrainingCompiler.Compile(model, options);
        CompiledArtifacts device = ModelCompiler.Compile(model, options);
        string officialFolder = Path.Combine(folder, "official"), package = Path.Combine(folder, "device");
        official.Save(officialFolder);
        device.Save(package);
        System.IO.File.Copy(Path.Combine(package, ArtifactNames.TrainStep), Path.Combine(folder, ArtifactNames.TrainStep));

        var random = new Random(1);
        Tensor features = StepDescription.Random(random, [batch, .. model.Graph.Inputs[0].Type!.Shape!.Skip(1).Select(d => d.Size)]);
        Tensor labels = Tensor.Of<long>([batch], [.. Enumerable.Range(0, batch).Select(_ => random.NextInt64(EngineNetwork.Classes))]);
        string file = Path.Combine(folder, "case.json");
        measurement["official"] = new JsonObject { [model.Graph.Inputs[0].Name] = StepDescription.Of(features), ["labels"] = StepDescription.Of(labels) };
        measurement["step"] = StepDescription.Of(device, features, labels, Rate);
        System.IO.File.WriteAllText(file, measurement.ToJsonString());
        return new(
            file,
            official.Training.Graph.Nodes.Count + official.Optimizer.Graph.Nodes.Count,
            SizeOf(officialFolder),
            device.TrainStep.Graph.Nodes.Count,
            SizeOf(package));
    }

    private static long SizeOf(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(f => f.Length);
}
