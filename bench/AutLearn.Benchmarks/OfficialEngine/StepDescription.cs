using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Benchmarks.OfficialEngine;

/// <summary>Describes the inputs of <c>train_step.onnx</c>, what each becomes in the next step, and the loss, as JSON that a program without .NET reads.</summary>
internal static class StepDescription
{
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

    /// <summary>Describes a step of one batch, from the parameters and states that the package starts with.</summary>
    public static JsonObject Of(CompiledArtifacts device, Tensor features, Tensor labels, float learningRate)
    {
        Dictionary<string, Tensor> given = Boundary(device, features);
        given[device.Manifest.Labels.Name] = labels;
        given[device.Manifest.LearningRateInput] = Tensor.Scalar(learningRate);
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
            JsonObject tensor = Of(given[input.Name]);
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

    /// <summary>Makes numbers between -1 and 1.</summary>
    public static Tensor Random(Random random, long[] sizes)
    {
        float[] values = new float[sizes.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (2 * random.NextSingle()) - 1;
        return Tensor.Of<float>(sizes, values);
    }

    /// <summary>Describes a tensor.</summary>
    public static JsonObject Of(Tensor tensor) => new()
    {
        ["type"] = tensor.ElementType.ToString(),
        ["dims"] = JsonSerializer.SerializeToNode(tensor.Dimensions),
        ["data"] = Convert.ToBase64String(tensor.Bytes.Span),
    };
}
