using System.Diagnostics;
using System.Globalization;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>What the kernel tells of this process's memory.</summary>
internal static class ProcessMemory
{
    /// <summary>Gets the resident bytes after what was left behind is gone; the peak starts here.</summary>
    public static long Resident()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        File.WriteAllText("/proc/self/clear_refs", "5");
        return Status("VmRSS");
    }

    /// <summary>Gets the most bytes that were resident since <see cref="Resident"/>.</summary>
    public static long Peak() => Status("VmHWM");

    /// <summary>Loads ONNX Runtime and makes it allocate what it always does.</summary>
    public static void RunSmallOperator()
    {
        var graph = new OnnxGraph("small");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape(1)));
        graph.AddOutput(graph.AddNode("Relu", [x], ["y"]).Outputs[0]!);
        graph.Outputs[0].Type = x.Type;
        using var session = new InferenceSession(OnnxFile.ToBytes(new OnnxModel(graph, 18)));
        using var options = new RunOptions();
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(new float[1], [1]);
        session.Run(options, ["x"], [value], ["y"]).Dispose();
    }

    /// <summary>Runs a command of this program that prints bytes.</summary>
    public static long OfChild(params string[] arguments)
    {
        using Process child = ChildProcess.Start(arguments);
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string text = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? long.Parse(text, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"The process '{string.Join(' ', arguments)}' failed with exit code {child.ExitCode}: {errors.Result}");
    }

    private static long Status(string key)
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith($"{key}:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
