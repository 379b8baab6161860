using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Runtime;
using AutLearn.Runtime.Online;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>One million predictions with feedback, in two threads, learned from in the background.</summary>
internal static class SoakOnline
{
    private const int Predictions = 1_000_000;
    private const int Samples = 10;
    private const int Features = 64;
    private const int Classes = 10;

    public static async Task<int> RunAsync(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        string folder = Directory.CreateTempSubdirectory("autlearn-soak-").FullName;
        var watch = Stopwatch.StartNew();
        try
        {
            ModelCompiler.Compile(Network(), new CompileOptions()).Save(folder);
            using PersonalModel model = PersonalModel.Open(folder, new PersonalModelOptions { IntraOpThreads = 1 });
            var rows = new List<string>();
            OnlineStatistics statistics;
            await using (var learner = new OnlineLearner(model, new OnlineLearnerOptions { LearningRate = 0.001, CacheCapacityInBytes = 1 << 20 }))
            {
                for (int sample = 0; sample <= Samples; sample++)
                {
                    if (sample > 0)
                        Predict(model, learner, Predictions / Samples, sample);
                    rows.Add(Row((long)sample * Predictions / Samples, learner.Statistics));
                    Console.WriteLine(rows[^1]);
                }

                await learner.FlushAsync().ConfigureAwait(false);
                statistics = learner.Statistics;
            }

            // Every row is accounted for: trained, evicted before its label, rejected, or still waiting for a label.
            long accounted = statistics.TrainedRows + statistics.RefusedRows + statistics.Cache.Evicted + statistics.Cache.Rejected + statistics.Cache.UnlabelledRows + statistics.Cache.LabelledRows;
            if (accounted != Predictions || statistics.Steps != model.ParameterVersion)
                throw new InvalidOperationException($"{Predictions - accounted} rows are unaccounted for; {statistics.Steps} steps gave version {model.ParameterVersion}.");
            File.WriteAllText(Path.Combine(output, "soak-online.md"), Render(rows, statistics, watch.Elapsed));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    // Two interacting threads; a tenth of the predictions never gets feedback, the rest at once.
    private static void Predict(PersonalModel model, OnlineLearner learner, int count, int seed) => Parallel.For(0, 2, new ParallelOptions { MaxDegreeOfParallelism = 2 }, thread =>
    {
        var random = new Random((seed * 31) + thread);
        using PredictionBatch batch = model.CreateBatch(1);
        for (int i = 0; i < count / 2; i++)
        {
            Span<float> input = batch.Inputs[0].Span<float>();
            foreach (ref float value in input)
                value = random.NextSingle() - 0.5f;
            long label = (long)((input[0] + 0.5f) * Classes) % Classes;
            model.Predict(batch);
            long id = learner.Remember(batch);
            if (random.Next(10) > 0)
                learner.Feedback(id, label);
        }
    });

    private static string Row(long predictions, OnlineStatistics statistics)
    {
        using var process = Process.GetCurrentProcess();
        int handles = Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Length : process.HandleCount;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {predictions:N0} | {statistics.Steps:N0} | {GC.GetTotalMemory(forceFullCollection: true) / 1024.0 / 1024:0.0} MiB | {process.WorkingSet64 / 1024.0 / 1024:0} MiB | {handles} | {process.Threads.Count} |");
    }

    private static OnnxModel Network()
    {
        var random = new Random(1);
        var graph = new OnnxGraph("soak");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", Features)));
        Value hidden = graph.AddNode("Relu", [Gemm("backbone", x, Features, Features)], ["features"]).Outputs[0]!;
        graph.AddOutput(Gemm("head", hidden, Features, Classes));
        return new OnnxModel(graph, 18);

        Value Gemm(string name, Value input, int inputs, int outputs)
        {
            float[] weight = [.. Enumerable.Range(0, inputs * outputs).Select(_ => (random.NextSingle() - 0.5f) * 0.3f)];
            return graph.AddNode(
                "Gemm",
                [input, graph.AddInitializer($"{name}.weight", Tensor.Of<float>([outputs, inputs], weight)), graph.AddInitializer($"{name}.bias", Tensor.Of<float>([outputs], new float[outputs]))],
                [$"{name}.out"],
                [KeyValuePair.Create("transB", AttributeValue.Of(1L))]).Outputs[0]!;
        }
    }

    private static string Render(List<string> rows, OnlineStatistics statistics, TimeSpan elapsed)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # One million predictions with feedback

            {MachineHeader.Text}; {elapsed.TotalSeconds:0} s

            Two threads predict one row at a time; nine of ten predictions get their label at once; steps of 16 rows train in the background from a cache of 1 MiB.
            Of {Predictions:N0} rows {statistics.TrainedRows:N0} were trained in {statistics.Steps:N0} steps, {statistics.Cache.Evicted:N0} left unlabelled, {statistics.Cache.Rejected:N0} were turned away by a full cache, {statistics.Cache.UnlabelledRows + statistics.Cache.LabelledRows:N0} wait; none is unaccounted for (the command fails otherwise), and the parameter version equals the steps.
            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- soak-online`.

            | predictions | steps | managed heap | working set | handles | threads |
            | ---: | ---: | ---: | ---: | ---: | ---: |

            """);
        foreach (string row in rows)
            text.Append(row).Append('\n');
        return text.ToString();
    }
}
