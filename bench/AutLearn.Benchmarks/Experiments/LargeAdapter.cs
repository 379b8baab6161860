using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Benchmarks.WholeSteps;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph.Serialization;
using AutLearn.Testing.Torch;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>What rank-8 adapters of a transformer with more than 100 million parameters cost: compiling, a step, memory, and what is kept.</summary>
internal static class LargeAdapter
{
    private const int Pairs = 12;
    private const int StepsPerRun = 2;
    private const int MemorySteps = 3;
    private const double Tolerance = 1e-4;

    public static int Run(string[] args)
    {
        if (args is ["memory", string side])
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{PeakOf(side)}"));
            return 0;
        }

        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        using var step = new AdapterStep();
        long parameters = step.Network.Graph.Initializers.Where(i => i.ElementType == Graph.ElementType.Float32).Sum(i => i.Initializer!.Count);
        long start = Stopwatch.GetTimestamp();
        step.Compile(new AdamOptimizer());
        TimeSpan compiling = Stopwatch.GetElapsedTime(start);
        step.OpenLibtorch(1, PairedOptimizer.Adam);
        start = Stopwatch.GetTimestamp();
        step.OpenAutLearn(1);
        TimeSpan opening = Stopwatch.GetElapsedTime(start);
        float worst = 0;
        for (int i = 0; i < 3; i++)
        {
            float theirs = step.Libtorch(), ours = step.AutLearn();
            worst = Math.Max(worst, Math.Abs(ours - theirs) / Math.Abs(theirs));
            if (worst > Tolerance)
                throw new InvalidOperationException($"The losses of step {i} differ: {ours} here, {theirs} in libtorch.");
        }

        (double Libtorch, double AutLearn)[] pairs = [.. Enumerable.Range(0, Pairs).Select(_ => (
            Turns.Time(step.Libtorch, StepsPerRun).TotalMilliseconds,
            Turns.Time(step.AutLearn, StepsPerRun).TotalMilliseconds))];
        double[] ratios = [.. pairs.Select(p => p.AutLearn / p.Libtorch).Order()];
        string state = Path.Combine(Directory.CreateTempSubdirectory("autlearn-bench-").FullName, "adapter.state");
        long stateSize = step.StateSize(state);
        Directory.Delete(Path.GetDirectoryName(state)!, recursive: true);
        var memory = new StringBuilder();
        foreach ((string measured, string what) in ((string, string)[])[("plain", "the frozen model alone, one prediction in ONNX Runtime"), ("predict", "AutLearn, one prediction with adapters"), ("autlearn", "AutLearn, training steps"), ("libtorch", "libtorch, training steps")])
            memory.AppendLine(CultureInfo.InvariantCulture, $"| {what} | {Mebibytes(ProcessMemory.OfChild("large-adapter", "memory", measured))} |");
        string text = string.Create(CultureInfo.InvariantCulture, $"""
            # Adapters on a transformer of {parameters / 1e6:0} million parameters

            {MachineHeader.Text}

            {step.Description}; adapters of rank {AdapterStep.Rank} beside the query and value weights of every layer, Adam, random weights, float32.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- large-adapter`.

            | | |
            | --- | ---: |
            | compiling, with writing | {compiling.TotalSeconds:0.0} s |
            | opening | {opening.TotalSeconds:0.0} s |
            | trained numbers | {step.TrainedNumbers} |
            | state on disk, with Adam's moments | {stateSize / 1024.0:0} KiB |
            | the frozen weights | {Mebibytes(4 * parameters)} |
            | largest relative difference of the losses of three steps to libtorch's | {worst:0.0e+0} |

            ## Time of a step

            One thread; ours from what a prediction has computed of the first layer, libtorch's from the words. Runs of {StepsPerRun} steps alternate in one process; medians of {Pairs} pairs, and of each pair's ratio with its 10th and 90th percentile.

            | libtorch | AutLearn | ratio | 10 % to 90 % |
            | ---: | ---: | ---: | ---: |
            | {Turns.Median(pairs.Select(p => p.Libtorch)):0} ms | {Turns.Median(pairs.Select(p => p.AutLearn)):0} ms | {Turns.Median(ratios):0.00} | {ratios[Pairs / 10]:0.00} to {ratios[Pairs * 9 / 10]:0.00} |

            ## Peak memory

            Resident memory at the peak of opening and {MemorySteps} steps (or one prediction), one thread, above that of the same process with the library
            loaded; a process for each.

            | | |
            | --- | ---: |
            {memory}
            """);
        File.WriteAllText(Path.Combine(output, "large-adapter.md"), text);
        Console.WriteLine(text);
        return 0;
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576d:0} MiB");

    private static long PeakOf(string side)
    {
        using var step = new AdapterStep();
        if (side == "plain")
            return PlainPeak(step);
        step.Compile(new AdamOptimizer());
        if (side == "libtorch")
            TorchReference.Load();
        else
            ProcessMemory.RunSmallOperator();
        long before = ProcessMemory.Resident();
        if (side == "libtorch")
            step.OpenLibtorch(1, PairedOptimizer.Adam);
        else
            step.OpenAutLearn(1);
        if (side == "predict")
            step.Predict();
        for (int i = 0; side != "predict" && i < MemorySteps; i++)
            _ = side == "libtorch" ? step.Libtorch() : step.AutLearn();
        return ProcessMemory.Peak() - before;
    }

    private static long PlainPeak(AdapterStep step)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("autlearn-bench-").FullName, "plain.onnx");
        OnnxFile.Write(step.Network, file);
        ProcessMemory.RunSmallOperator();
        long before = ProcessMemory.Resident();
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(file, options);
        using var run = new RunOptions();
        using OrtValue tokens = OrtValue.CreateTensorValueFromMemory(new long[AdapterStep.Rows * AdapterStep.Length], [AdapterStep.Rows, AdapterStep.Length]);
        session.Run(run, ["tokens"], [tokens], session.OutputNames).Dispose();
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        return ProcessMemory.Peak() - before;
    }
}
