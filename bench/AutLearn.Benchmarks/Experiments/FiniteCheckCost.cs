using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Benchmarks.Training;
using AutLearn.Benchmarks.WholeSteps;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Runtime;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>What it costs to refuse steps that would leave values that are not finite, as a share of the same steps.</summary>
/// <remarks>
/// Everything between the end of the native run and the return of the step counts as the check: the check itself, the swap of the sets and
/// the metrics. So each step gives a time with the check and one without it.
/// </remarks>
internal static class FiniteCheckCost
{
    private const int Rows = 16;
    private const double Rate = 0.001;

    private static readonly (string Name, Func<Optimizer> Create)[] Optimizers =
    [
        ("SGD", () => new SgdOptimizer()),
        ("momentum", () => new SgdOptimizer { Momentum = 0.9 }),
        ("Adagrad", () => new AdagradOptimizer()),
        ("RMSprop", () => new RmsPropOptimizer()),
        ("Adam", () => new AdamOptimizer()),
        ("AdamW", () => new AdamWOptimizer()),
    ];

    public static int Run(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        var rows = new StringBuilder();
        foreach ((int features, int classes) in (ReadOnlySpan<(int, int)>)[(1024, 62), (768, 1000), (256, 10_000)])
        {
            foreach ((string name, Func<Optimizer> create) in Optimizers)
                Append(rows, string.Create(CultureInfo.InvariantCulture, $"head {features}x{classes}"), name, OfHead(features, classes, create(), isCached: false));
            Append(rows, string.Create(CultureInfo.InvariantCulture, $"head {features}x{classes}, scores reused"), "SGD", OfHead(features, classes, new SgdOptimizer(), isCached: true));
        }

        foreach ((string network, Func<PairedStep> create) in PairedStep.Networks)
        {
            Append(rows, network, "SGD", OfNetwork(create, new SgdOptimizer()));
            Append(rows, network, "Adam", OfNetwork(create, new AdamOptimizer()));
        }

        File.WriteAllText(Path.Combine(output, "finite-check.md"), $"""
            # The cost of refusing steps that are not finite

            {MachineHeader.Text}

            One thread, float32, {Rows} rows a head's step; the networks are those of whole-steps.md. Steps whose optimizer is part of the graph (`RunsWholeSteps`); where
            the runtime applies the optimizer, it checks what it writes in the same walk (optimizers.md). The share is the time from the end of the native run to
            the step's return (the check, the swap of parameter sets, metrics), divided by the rest of the same step: medians over the steps of one run.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- finite-check`.

            | step | optimizer | step without check | check | share | 10 % to 90 % |
            | --- | --- | ---: | ---: | ---: | ---: |
            {rows}
            """);
        return 0;
    }

    private static void Append(StringBuilder rows, string step, string optimizer, (double[] Steps, double[] Checks) times)
    {
        double[] shares = [.. times.Steps.Zip(times.Checks, (s, c) => c / s).Order()];
        string row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {step} | {optimizer} | {Turns.Median(times.Steps):0.0} us | {Turns.Median(times.Checks):0.0} us | {shares[shares.Length / 2]:0.0 %} | {shares[shares.Length / 10]:0.0 %} to {shares[shares.Length * 9 / 10]:0.0 %} |");
        Console.WriteLine(row);
        rows.AppendLine(row);
    }

    private static (double[] Steps, double[] Checks) OfHead(int features, int classes, Optimizer optimizer, bool isCached)
    {
        using var folder = new BenchmarkFolder();
        ModelCompiler.Compile(LinearHead.Create(features, classes), new CompileOptions { Optimizer = optimizer }).Save(folder.Path);
        var clock = new StepClock();
        using var model = PersonalModel.Open(folder.Path, new PersonalModelOptions { IntraOpThreads = 1, RunHook = clock.Hook, RunsWholeSteps = true });
        (float[] values, long[] labels) = LinearHead.Batch(features, classes, Rows);
        if (!isCached)
            return clock.Measure(() => model.TrainStep(values, labels, Rate));
        using PredictionBatch predicted = model.Predict(values, Rows);
        TensorBuffer[] boundary = [.. predicted.Boundary];
        var labelBuffer = new TensorBuffer(ElementType.Int64, Rows);
        labelBuffer.CopyFrom<long>(labels);
        return clock.Measure(() => model.TrainStep(boundary, predicted.Logits, model.ParameterVersion, labelBuffer, Rate));
    }

    private static (double[] Steps, double[] Checks) OfNetwork(Func<PairedStep> create, Optimizer optimizer)
    {
        using PairedStep step = create();
        var clock = new StepClock();
        step.Compile(optimizer);
        step.OpenAutLearn(threads: 1, clock.Hook, runsWholeSteps: true);
        return clock.Measure(() => step.AutLearn());
    }

    private sealed class StepClock
    {
        private static readonly TimeSpan Budget = TimeSpan.FromSeconds(4);
        private const int FewestSteps = 30;

        private long _ran;

        public void Hook(string file, RunStage stage)
        {
            if (stage == RunStage.After)
                _ran = Stopwatch.GetTimestamp();
        }

        public (double[] Steps, double[] Checks) Measure(Action step)
        {
            for (int i = 0; i < 10; i++)
                step();
            var steps = new List<double>();
            var checks = new List<double>();
            long began = Stopwatch.GetTimestamp();
            while (steps.Count < FewestSteps || Stopwatch.GetElapsedTime(began) < Budget)
            {
                long start = Stopwatch.GetTimestamp();
                step();
                long end = Stopwatch.GetTimestamp();
                steps.Add(Stopwatch.GetElapsedTime(start, _ran).TotalMicroseconds);
                checks.Add(Stopwatch.GetElapsedTime(_ran, end).TotalMicroseconds);
            }

            return ([.. steps], [.. checks]);
        }
    }
}
