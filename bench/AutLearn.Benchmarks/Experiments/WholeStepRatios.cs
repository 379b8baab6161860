using System.Globalization;
using System.Text;
using AutLearn.Benchmarks.WholeSteps;
using AutLearn.Testing.Torch;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Time and memory of whole training steps as ratios to libtorch's.</summary>
/// <remarks>
/// Times alternate: a few steps here, a few there, and each pair of runs gives a ratio.
/// Memory needs a process for each side; the kernel tells the peak of the steps.
/// </remarks>
internal static class WholeStepRatios
{
    private const int WarmUp = 5;
    private const int Pairs = 40;
    private const int MostPairs = 160;
    private const int FewestPairs = 8;
    private const int StepsPerRun = 5;
    private const int MemorySteps = 12;
    private const double Tolerance = 1e-4;

    public static int Run(string[] args)
    {
        if (args is ["memory", string measured, string side])
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{PeakOf(measured, side)}"));
            return 0;
        }

        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        var times = new StringBuilder();
        var memory = new StringBuilder();
        var networks = new StringBuilder();
        foreach ((string network, Func<PairedStep> create) in PairedStep.Networks)
        {
            networks.AppendLine(CultureInfo.InvariantCulture, $"- {network}: {Describe(create)}");
            foreach (int threads in (int[])[1, 2])
                AppendTimes(times, network, threads, PairsOf(create, threads));
            long ours = ProcessMemory.OfChild("whole-steps", "memory", network, "autlearn"), theirs = ProcessMemory.OfChild("whole-steps", "memory", network, "libtorch");
            memory.AppendLine(Show(string.Create(CultureInfo.InvariantCulture, $"| {network} | {Mebibytes(theirs)} | {Mebibytes(ours)} | {(double)ours / theirs:0.00} |")));
        }

        File.WriteAllText(Path.Combine(output, "whole-steps.md"), $"""
            # Whole training steps against libtorch

            {MachineHeader.Text}

            Forward, loss, gradients and SGD update of all parameters, float32, the same parameters and batch on both sides, equal losses checked first.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- whole-steps`.

            {networks}
            ## Time

            Runs of {StepsPerRun} steps alternate in one process; medians of pairs of runs, and of each pair's ratio with its 10th and 90th percentile.
            This virtual machine's two cores share a cache at times ("near": a cache line passes between them in less than {CoreDistance.Nanoseconds} ns) and lie apart at others; each pair says in which state it ran.

            | network | threads | pairs | libtorch | AutLearn | ratio | 10 % to 90 % |
            | --- | --- | ---: | ---: | ---: | ---: | ---: |
            {times}
            ## Peak memory

            Resident memory at the peak of {MemorySteps} steps, one thread, above that of the same process with the library loaded and a first small operator run; a process for each side.

            | network | libtorch | AutLearn | ratio |
            | --- | ---: | ---: | ---: |
            {memory}
            """);
        return 0;
    }

    private static string Show(string row)
    {
        Console.WriteLine(row);
        return row;
    }

    // A virtual machine's cores may share a cache at one moment and lie far apart at the next, which two threads feel.
    private static void AppendTimes(StringBuilder times, string network, int threads, Pair[] pairs)
    {
        foreach ((string cores, Pair[] group) in threads == 1
            ? (IEnumerable<(string, Pair[])>)[("1", pairs)]
            : [($"{threads}, near", [.. pairs.Where(p => p.AreCoresNear)]), ($"{threads}, apart", [.. pairs.Where(p => !p.AreCoresNear)])])
        {
            if (group.Length < FewestPairs)
                continue;
            double[] ratios = [.. group.Select(p => p.AutLearn / p.Libtorch).Order()];
            times.AppendLine(Show(string.Create(
                CultureInfo.InvariantCulture,
                $"| {network} | {cores} | {group.Length} | {Turns.Median(group.Select(p => p.Libtorch)):0.0} ms | {Turns.Median(group.Select(p => p.AutLearn)):0.0} ms | {Turns.Median(ratios):0.00} | {ratios[group.Length / 10]:0.00} to {ratios[group.Length * 9 / 10]:0.00} |")));
        }
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576d:0} MiB");

    private static string Describe(Func<PairedStep> create)
    {
        using PairedStep step = create();
        return step.Description;
    }

    private static Pair[] PairsOf(Func<PairedStep> create, int threads)
    {
        using PairedStep step = create();
        step.Compile();
        step.OpenLibtorch(threads);
        step.OpenAutLearn(threads);
        for (int i = 0; i < WarmUp; i++)
        {
            // Both sides must do the same work before their times mean anything. The second loss rests on an update; on noise as input, later
            // ones of a deep network drift apart by rounding alone.
            float theirs = step.Libtorch(), ours = step.AutLearn();
            if (i < 2 && Math.Abs(ours - theirs) > Tolerance * Math.Abs(theirs))
                throw new InvalidOperationException($"The losses of step {i} differ: {ours} here, {theirs} in libtorch.");
        }

        // Longer with two threads, if the cores stay in one of their two states.
        var pairs = new List<Pair>();
        while (pairs.Count < Pairs || (threads > 1 && pairs.Count < MostPairs && !HasBothStates(pairs)))
            pairs.Add(new Pair(CoreDistance.AreNear(), Turns.Time(step.Libtorch, StepsPerRun).TotalMilliseconds, Turns.Time(step.AutLearn, StepsPerRun).TotalMilliseconds));
        return [.. pairs];
    }

    private static bool HasBothStates(List<Pair> pairs) =>
        pairs.Count(p => p.AreCoresNear) is int near && near >= FewestPairs && pairs.Count - near >= FewestPairs;

    private static long PeakOf(string network, string side)
    {
        using PairedStep step = PairedStep.Networks[network]();
        step.Compile();
        Func<float> run;
        long before;
        if (side == "libtorch")
        {
            TorchReference.Load();
            before = ProcessMemory.Resident();
            step.OpenLibtorch(1);
            run = step.Libtorch;
        }
        else
        {
            ProcessMemory.RunSmallOperator();
            before = ProcessMemory.Resident();
            step.OpenAutLearn(1);
            run = step.AutLearn;
        }

        for (int i = 0; i < MemorySteps; i++)
            run();
        return ProcessMemory.Peak() - before;
    }

    private sealed record Pair(bool AreCoresNear, double Libtorch, double AutLearn);
}
