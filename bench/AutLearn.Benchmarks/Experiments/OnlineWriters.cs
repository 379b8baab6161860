using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Demo;
using AutLearn.Cloud.Personalization;
using AutLearn.Graph;
using AutLearn.Runtime;
using AutLearn.Runtime.Gate;
using AutLearn.Runtime.Online;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Learns online over each real writer's stream: predict first, then learn.</summary>
internal static class OnlineWriters
{
    private const int BatchSize = 16;
    private const int HeadImages = 4000;
    private const int ReplayRows = 8;
    private static readonly double[] LearningRates = [0.0003, 0.001, 0.003, 0.01];
    private static readonly string[] Arms = ["online", "gate", "replay", "gate, replay"];

    public static async Task<int> RunAsync(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        HandwritingData data = HandwritingData.Open();
        string folder = Directory.CreateTempSubdirectory("autlearn-online-").FullName;
        var watch = Stopwatch.StartNew();
        try
        {
            var text = new StringBuilder();
            using (PersonalModel small = PersonalizeWriters.Open(DemoModel.Read(), DemoModel.Options(), folder))
                text.Append(await MeasureAsync("small network", small, [], data, [1, 2, 3]).ConfigureAwait(false));
            using (PersonalModel mobileNet = PersonalizeWriters.Open(PersonalizeWriters.NewMobileNet(MobileNetDemo.PathIn(DataFolder.Find()!)), MobileNetDemo.Options(), folder))
                text.Append(await MeasureAsync("MobileNet, head only", mobileNet, await PretrainHeadAsync(mobileNet, data).ConfigureAwait(false), data, [1]).ConfigureAwait(false));
            File.WriteAllText(Path.Combine(output, "online-writers.md"), Render(text.ToString(), watch.Elapsed));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static async Task<KeyValuePair<string, Tensor>[]> PretrainHeadAsync(PersonalModel model, HandwritingData data)
    {
        HashSet<int> validation = [.. data.ValidationWriters.Select(w => w.Id)];
        int[] rows = [.. data.PretrainingRows().Where(r => !validation.Contains(data.Writers[r]))];
        new Random(1).Shuffle(rows);
        FeatureSet others = new Personalizer(model).Extract(data.Images.Pick(rows[..HeadImages]), PersonalizeWriters.Quiet, CancellationToken.None);
        await new FineTuner(model).TrainAsync(others, new TrainingOptions { Seed = 1 }).ConfigureAwait(false);
        return [.. model.Parameters.Select(p => KeyValuePair.Create(p.Tensor.Name, model.GetParameter(p.Tensor.Name)))];
    }

    private static async Task<string> MeasureAsync(string name, PersonalModel model, KeyValuePair<string, Tensor>[] head, HandwritingData data, int[] seeds)
    {
        double best = 0, rate = 0;
        var tried = new List<string>();
        foreach (double candidate in LearningRates)
        {
            double sum = 0;
            foreach ((int id, _) in data.ValidationWriters)
                sum += (await StreamAsync(model, head, data.Images.Pick(data.RowsOf(id)), seed: 1, OptionsOf(0, candidate)).ConfigureAwait(false)).Online / data.ValidationWriters.Count;
            tried.Add(string.Create(CultureInfo.InvariantCulture, $"{candidate} {100 * sum:0.0} %"));
            if (sum > best)
                (best, rate) = (sum, candidate);
        }

        var text = new StringBuilder();
        var all = new List<(double Pretrained, double[] Online)>();
        foreach ((int id, string writer) in data.TestWriters)
        {
            double pretrained = 0;
            double[] online = new double[Arms.Length];
            foreach (int seed in seeds)
            {
                for (int arm = 0; arm < Arms.Length; arm++)
                {
                    (double before, double after) = await StreamAsync(model, head, data.Images.Pick(data.RowsOf(id)), seed, OptionsOf(arm, rate)).ConfigureAwait(false);
                    pretrained = arm == 0 ? pretrained + (before / seeds.Length) : pretrained;
                    online[arm] += after / seeds.Length;
                }
            }

            all.Add((pretrained, online));
            string row = string.Create(CultureInfo.InvariantCulture, $"| {id} {writer} | {data.RowsOf(id).Length} | {100 * pretrained:0.0} % | {string.Join(" | ", online.Select(o => Cell(o, pretrained)))} |");
            Console.WriteLine($"{name}: {row}");
            text.AppendLine(row);
        }

        double mean = all.Average(a => a.Pretrained);
        string[] means = [.. Enumerable.Range(0, Arms.Length).Select(i => Cell(all.Average(a => a.Online[i]), mean))];
        string[] harmed = [.. Enumerable.Range(0, Arms.Length).Select(i => string.Create(CultureInfo.InvariantCulture, $"{100.0 * all.Count(a => a.Online[i] < a.Pretrained) / all.Count:0} %"))];
        string[] worst = [.. Enumerable.Range(0, Arms.Length).Select(i => string.Create(CultureInfo.InvariantCulture, $"{100 * all.Min(a => a.Online[i] - a.Pretrained):+0.0;-0.0}"))];
        return string.Create(CultureInfo.InvariantCulture, $"""

            ## {name}

            Learning rate chosen on five further writers: {string.Join(", ", tried)}. Seeds {string.Join(", ", seeds)} order the stream.

            | writer | images | pretrained | {string.Join(" | ", Arms)} |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: |
            {text.ToString().TrimEnd()}
            | **mean** | | **{100 * mean:0.0} %** | {string.Join(" | ", means.Select(m => $"**{m}**"))} |
            | writers harmed | | | {string.Join(" | ", harmed)} |
            | worst writer | | | {string.Join(" | ", worst)} |

            """);
    }

    // Every image is predicted before it is learned from; both accuracies are over the whole stream.
    private static async Task<(double Pretrained, double Online)> StreamAsync(
        PersonalModel model, KeyValuePair<string, Tensor>[] head, ImageSet images, int seed, OnlineLearnerOptions options)
    {
        model.Reset();
        model.SetParameters(head);
        KeyValuePair<string, Tensor>[] start = [.. model.Parameters.Select(p => KeyValuePair.Create(p.Tensor.Name, model.GetParameter(p.Tensor.Name)))];
        int[] order = [.. Enumerable.Range(0, images.Count)];
        new Random(seed).Shuffle(order);
        ImageSet stream = images.Pick(order);
        var personalizer = new Personalizer(model);
        FeatureSet features = model.CreateFeatureSet();
        int correct = 0;
        await using (var learner = new OnlineLearner(model, options))
        {
            using PredictionBatch batch = model.CreateBatch(1);
            for (int i = 0; i < stream.Count; i++)
            {
                personalizer.Fill(stream, i, batch.Inputs[0]);
                model.Predict(batch);
                features.Add(batch, stream.Labels[i]);
                correct += learner.Classify(batch) == stream.Labels[i] ? 1 : 0;
                learner.Feedback(learner.Remember(batch), stream.Labels[i]);

                // The background step is awaited, so that the result does not depend on the machine's speed.
                if ((i + 1) % BatchSize == 0)
                    await learner.FlushAsync().ConfigureAwait(false);
            }
        }

        model.Reset();
        model.SetParameters(start);
        return (model.Evaluate(features).Accuracy!.Value, (double)correct / stream.Count);
    }

    private static OnlineLearnerOptions OptionsOf(int arm, double learningRate) => new()
    {
        BatchSize = BatchSize,
        LearningRate = learningRate,
        Gate = arm is 1 or 3 ? new GateOptions { MinimumLabels = BatchSize } : null,
        ReplayRows = arm >= 2 ? ReplayRows : 0,
    };

    private static string Cell(double online, double pretrained) => string.Create(CultureInfo.InvariantCulture, $"{100 * online:0.0} % ({100 * (online - pretrained):+0.0;-0.0})");

    private static string Render(string tables, TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture, $"""
        # Online learning over real writers' streams

        {MachineHeader.Text}; {elapsed.TotalSeconds:0} s

        Twenty UNIPEN writers that no pretraining has seen. Each image is predicted first and learned from afterwards; {BatchSize} labels make one step from the cache. Accuracies are over the whole stream, the first images included, so they show what the user would have seen; in brackets the gain over the pretrained model on the same stream. With the gate what was learned serves as long as it is not worse than the pretrained model on the newest 128 labels, each measured before it is learned from; replay adds {ReplayRows} rows of earlier feedback to each step.
        Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- online-writers`.
        {tables.TrimEnd()}

        """);
}
