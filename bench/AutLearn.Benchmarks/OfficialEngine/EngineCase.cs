using System.Globalization;
using System.Text.Json;
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
        Tensor features = Random(random, [batch, .. model.Graph.Inputs[0].Type!.Shape!.Skip(1).Select(d => d.Size)]);
        Tensor labels = Tensor.Of<long>([batch], [.. Enumerable.Range(0, batch).Select(_ => random.NextInt64(EngineNetwork.Classes))]);
        Dictionary<string, Tensor> given = Boundary(device, features);
        given[device.Manifest.Labels.Name] = labels;
        given[device.Manifest.LearningRateInput] = Tensor.Scalar(Rate);
        string file = Path.Combine(folder, "case.json");
        measurement["official"] = new JsonObject { [model.Graph.Inputs[0].Name] = Describe(features), ["labels"] = Describe(labels) };
        measurement["step"] = StepOf(device, given);
        System.IO.File.WriteAllText(file, measurement.ToJsonString());
        return new(
            file,
            official.Training.Graph.Nodes.Count + official.Optimizer.Graph.Nodes.Count,
            SizeOf(officialFolder),
            device.TrainStep.Graph.Nodes.Count,
            SizeOf(package));
    }

    private static Dictionary<string, Tensor> Boundary(CompiledArtifacts device, Tensor features)
    {
        var boundary = new Dictionary<string, Tensor>();
        foreach (BoundarySpec spec in device.Manifest.Boundary)
        {
            if (spec.UserInput is null)
                throw new InvalidOperationException($"The step starts from '{spec.Tensor.Name}', which inference computes: the engine would do more work than it.");
            boundary.Add(spec.Tensor.Name, features);
        }

        return boundary;
    }

    private static JsonObject StepOf(CompiledArtifacts device, Dictionary<string, Tensor> given)
    {
        var next = new JsonObject();
        foreach (ParameterSpec parameter in device.Manifest.Parameters)
        {
            given[parameter.Tensor.Name] = device.InitialParameters[parameter.Tensor.Name];
            next[parameter.Tensor.Name] = parameter.UpdatedOutput;
        }

        foreach (StateSpec state in device.Manifest.OptimizerState)
        {
            given[state.Tensor.Name] = Filled(state);
            next[state.Tensor.Name] = state.UpdatedOutput;
        }

        var inputs = new JsonArray();
        foreach (Value input in device.TrainStep.Graph.Inputs)
        {
            JsonObject tensor = Describe(given[input.Name]);
            tensor["name"] = input.Name;
            inputs.Add(tensor);
        }

        return new() { ["inputs"] = inputs, ["next"] = next, ["loss"] = device.Manifest.LossOutput };
    }

    private static Tensor Filled(StateSpec state)
    {
        long[] sizes = [.. state.Tensor.Shape.Select(d => long.Parse(d, CultureInfo.InvariantCulture))];
        long count = sizes.Aggregate(1L, (a, b) => a * b);
        if (state.Tensor.ElementType == ElementType.Int64)
            return Tensor.Of<long>(sizes, new long[count]);
        float[] values = new float[count];
        Array.Fill(values, (float)state.InitialValue);
        return Tensor.Of<float>(sizes, values);
    }

    private static Tensor Random(Random random, long[] sizes)
    {
        float[] values = new float[sizes.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (2 * random.NextSingle()) - 1;
        return Tensor.Of<float>(sizes, values);
    }

    private static JsonObject Describe(Tensor tensor) => new()
    {
        ["type"] = tensor.ElementType.ToString(),
        ["dims"] = JsonSerializer.SerializeToNode(tensor.Dimensions),
        ["data"] = Convert.ToBase64String(tensor.Bytes.Span),
    };

    private static long SizeOf(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(f => f.Length);
}
