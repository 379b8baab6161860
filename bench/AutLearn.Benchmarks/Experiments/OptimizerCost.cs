using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Benchmarks.Training;
using AutLearn.Benchmarks.WholeSteps;
using AutLearn.Compiler;
using AutLearn.Runtime;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>What each optimizer costs: whole steps against libtorch's with the same optimizer, and the update's own part against one walk over memory.</summary>
/// <remarks>Runs of steps alternate with libtorch's in one process, as in <see cref="WholeStepRatios"/>; each pair gives a ratio.</remarks>
internal static class OptimizerCost
{
    private const int WarmUp = 5;
    private const int Pairs = 24;
    private const double Tolerance = 1e-4;

    // Adam's first step goes as far for a gradient that is rounding alone as for any other.
    private const double UpdatedTolerance = 1e-3;
    private static readonly TimeSpan RunTime = TimeSpan.FromMilliseconds(50);

    public static int Run(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        string only = args.Length > 1 ? args[1] : "";
        var rows = new StringBuilder();
        var networks = new StringBuilder();
        bool steadyOnly = only == "steady";
        if (steadyOnly)
            only = "no such network";
        foreach ((string network, Func<PairedStep> create) in PairedStep.Heads.Concat(PairedStep.Networks).Where(n => n.Key.Contains(only, StringComparison.Ordinal)))
        {
            bool isHead = PairedStep.Heads.ContainsKey(network);
            using (PairedStep step = create())
                networks.AppendLine(CultureInfo.InvariantCulture, $"- {network}: {step.Description}");
            foreach (int threads in (args.Length > 2 ? [int.Parse(args[2], CultureInfo.InvariantCulture)] : (int[])[1, 2]))
            {
                double plain = 0;
                foreach (PairedOptimizer optimizer in isHead ? PairedOptimizer.All : [PairedOptimizer.Sgd, PairedOptimizer.Adam])
                    AppendRow(rows, network, threads, optimizer, create, ref plain);
            }
        }

        var steady = new StringBuilder();
        if (only.Length == 0 || steadyOnly)
        {
            foreach (PairedOptimizer optimizer in PairedOptimizer.All)
                AppendSteadiness(steady, optimizer);
        }

        File.WriteAllText(Path.Combine(output, "optimizers.md"), $"""
            # Optimizers

            {MachineHeader.Text}

            Forward, loss, gradients and update of all parameters, float32, the same parameters, batch and optimizer settings in AutLearn and libtorch, equal losses
            checked first. Runs of at least {RunTime.TotalMilliseconds:0} ms alternate in one process, {Pairs} pairs; medians, and of each pair's ratio its 10th and 90th percentile.
            "graph" is ONNX Runtime's part of AutLearn's step: forward, loss and gradients, and plain SGD's update, which is part of a product. "update" is
            the rest: the optimizer over parameters and states, the check that all is finite, the swap of the sets. "one walk" is the time that reading gradient, parameter
            and states and writing parameter and states takes at the bandwidth of a triad over as many bytes, measured in the same run. "bound" is the whole step
            divided by graph + one walk.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- optimizers`.

            {networks}
            | step | threads | optimizer | libtorch | AutLearn | ratio | 10 % to 90 % | graph | update | one walk | bytes | bound | times SGD |
            | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
            {rows}
            ## Whatever the values

            Ten thousand steps of the head of 768 by 1,000 on one batch, features of 0 and above, one thread: a confident model, whose gradients and
            squares come to lie below the normal range of Float32. Blocks of 100 steps, of each the median of its steps.

            | optimizer | first ten blocks | last ten blocks | fastest block | slowest block | slowest / fastest | exp(-loss) at the end |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: |
            {steady}
            """);
        return 0;
    }

    private static void AppendRow(StringBuilder rows, string network, int threads, PairedOptimizer optimizer, Func<PairedStep> create, ref double plain)
    {
        using PairedStep step = create();
        var clock = new GraphClock();
        step.Compile(optimizer.Create());
        step.OpenLibtorch(threads, optimizer);
        step.OpenAutLearn(threads, clock.Hook);
        for (int i = 0; i < WarmUp; i++)
        {
            float theirs = step.Libtorch(), ours = step.AutLearn();
            if (Math.Abs(ours - theirs) > (i == 0 ? Tolerance : UpdatedTolerance) * Math.Abs(theirs) && i < 2)
                throw new InvalidOperationException($"The losses of step {i} differ with {optimizer.Name} on {network}: {ours} here, {theirs} in libtorch.");
        }

        int steps = Math.Max(1, (int)(RunTime / Turns.Time(step.AutLearn, 3)));
        var pairs = new List<(double Libtorch, double AutLearn, double Graph)>();
        for (int i = 0; i < Pairs; i++)
        {
            double theirs = Turns.Time(step.Libtorch, steps).TotalMicroseconds;
            double ours = Turns.Time(step.AutLearn, steps, clock.Reset).TotalMicroseconds;
            pairs.Add((theirs, ours, clock.Total.TotalMicroseconds / steps));
        }

        long bytes = step.TrainedNumbers * sizeof(float) * (3 + (2 * optimizer.States));
        double bandwidth = MemoryBandwidth.Of(threads, bytes), walk = bytes / bandwidth * 1e6;
        bool isSplit = optimizer.Name != "SGD";
        double ourTime = Turns.Median(pairs.Select(p => p.AutLearn)), graph = Turns.Median(pairs.Select(p => p.Graph));
        if (optimizer.Name == "SGD")
            plain = ourTime;
        double[] ratios = [.. pairs.Select(p => p.AutLearn / p.Libtorch).Order()];
        string row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {network} | {threads} | {optimizer.Name} | {Turns.Text(Turns.Median(pairs.Select(p => p.Libtorch)))} | {Turns.Text(ourTime)} | {Turns.Median(ratios):0.00} | {ratios[Pairs / 10]:0.00} to {ratios[Pairs * 9 / 10]:0.00} | {Turns.Text(graph)} | {Turns.Text(ourTime - graph)} | {(isSplit ? Turns.Text(walk) : "-")} | {(isSplit ? $"{bytes / 1e6:0.0} MB at {bandwidth / 1e9:0} GB/s" : "-")} | {(isSplit ? $"{ourTime / (graph + walk):0.00}" : "-")} | {ourTime / plain:0.00} |");
        Console.WriteLine(row);
        rows.AppendLine(row);
    }

    private static void AppendSteadiness(StringBuilder rows, PairedOptimizer optimizer)
    {
        const int Block = 100, Blocks = 100, Features = 768, Classes = 1000, Rows = 16;
        using var folder = new BenchmarkFolder();
        ModelCompiler.Compile(LinearHead.Create(Features, Classes), new CompileOptions { Optimizer = optimizer.Create() }).Save(folder.Path);
        using var model = PersonalModel.Open(folder.Path, new PersonalModelOptions { IntraOpThreads = 1 });
        (float[] values, long[] labels) = LinearHead.Batch(Features, Classes, Rows);
        double[] blocks = new double[Blocks];
        float loss = 0;
        for (int block = 0; block < Blocks; block++)
        {
            double[] times = new double[Block];
            for (int i = 0; i < Block; i++)
            {
                long start = Stopwatch.GetTimestamp();
                loss = model.TrainStep(values, labels, 1e-3).Loss;
                times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }

            blocks[block] = Turns.Median(times);
        }

        string row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {optimizer.Name} | {Turns.Text(Turns.Median(blocks.Take(10)))} | {Turns.Text(Turns.Median(blocks.TakeLast(10)))} | {Turns.Text(blocks.Min())} | {Turns.Text(blocks.Max())} | {blocks.Max() / blocks.Min():0.00} | {Math.Exp(-loss):0.000000} |");
        Console.WriteLine(row);
        rows.AppendLine(row);
    }

    private sealed class GraphClock
    {
        private long _began;

        public TimeSpan Total { get; private set; }

        public void Reset() => Total = TimeSpan.Zero;

        public void Hook(string file, RunStage stage)
        {
            if (stage == RunStage.Before)
                _began = Stopwatch.GetTimestamp();
            else
                Total += Stopwatch.GetElapsedTime(_began);
        }
    }
}
