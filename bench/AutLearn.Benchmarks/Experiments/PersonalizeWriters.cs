using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Demo;
using AutLearn.Cloud.Personalization;
using AutLearn.Cloud.Reports;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Personalises two networks on twenty real writers that neither has seen, and writes the table of accuracies.</summary>
internal static class PersonalizeWriters
{
    private const double HoldOut = 0.3;
    private const int HeadImages = 4000;
    private const int PolarityImages = 1000;
    private static readonly double[] LearningRates = [0.0003, 0.001, 0.003];
    private static readonly int[] EpochCounts = [5, 10, 20];
    private static readonly int[] Seeds = [1, 2, 3];
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, NewLine = "\n", Converters = { new JsonStringEnumConverter() } };

    public static async Task<int> RunAsync(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        HandwritingData data = HandwritingData.Open();
        string folder = Directory.CreateTempSubdirectory("autlearn-writers-").FullName;
        try
        {
            NetworkResult small = await SmallNetworkAsync(data, folder).ConfigureAwait(false);
            NetworkResult mobileNet = await MobileNetAsync(data, folder).ConfigureAwait(false);
            Directory.CreateDirectory(output);
            var result = new WritersResult(MachineHeader.Text, Seeds, HoldOut, [small, mobileNet]);
            File.WriteAllText(Path.Combine(output, "personalize-writers.json"), JsonSerializer.Serialize(result, Json) + "\n");
            File.WriteAllText(Path.Combine(output, "personalize-writers.md"), Render(result));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static async Task<NetworkResult> SmallNetworkAsync(HandwritingData data, string folder)
    {
        using PersonalModel model = Open(DemoModel.Read(), DemoModel.Options(), folder);
        return await MeasureAsync(
            "small network",
            "The demo's network, trained by pretrain-handwriting on all other writers; its two dense layers learn.",
            model,
            new Dictionary<string, Tensor>(StringComparer.Ordinal),
            SettingsOf(model, Seeds[0]),
            data).ConfigureAwait(false);
    }

    private static async Task<NetworkResult> MobileNetAsync(HandwritingData data, string folder)
    {
        string path = MobileNetDemo.PathIn(DataFolder.Find()!);
        HashSet<int> validation = [.. data.ValidationWriters.Select(w => w.Id)];
        int[] rows = [.. data.PretrainingRows().Where(r => !validation.Contains(data.Writers[r]))];
        new Random(Seeds[0]).Shuffle(rows);
        CompileOptions options = MobileNetDemo.Options();
        var accuracies = new List<string>();
        ImagePreprocessing? best = null;
        double bestAccuracy = -1;
        foreach (float sign in (float[])[-1, 1])
        {
            options.Preprocessing = options.Preprocessing! with { Std = 127.5f * sign };
            using PersonalModel trial = Open(NewMobileNet(path), options, folder);
            double accuracy = await PolarityAccuracyAsync(trial, data.Images.Pick(rows[..PolarityImages])).ConfigureAwait(false);
            accuracies.Add(string.Create(CultureInfo.InvariantCulture, $"{(sign < 0 ? "dark ink on white" : "white ink on black")} {100 * accuracy:0.0} %"));
            Console.WriteLine(accuracies[^1]);
            if (accuracy > bestAccuracy)
                (best, bestAccuracy) = (options.Preprocessing, accuracy);
        }

        options.Preprocessing = best;
        using PersonalModel model = Open(NewMobileNet(path), options, folder);
        var personalizer = new Personalizer(model);
        FeatureSet others = personalizer.Extract(data.Images.Pick(rows[..HeadImages]), Quiet, CancellationToken.None);
        await personalizer.TrainAsync(others, SettingsOf(model, Seeds[0]), progress: null, CancellationToken.None).ConfigureAwait(false);
        Dictionary<string, Tensor> head = model.Parameters.ToDictionary(p => p.Tensor.Name, p => model.GetParameter(p.Tensor.Name), StringComparer.Ordinal);
        (PersonalizationSettings settings, string choice) = await ChooseSettingsAsync(model, head, data).ConfigureAwait(false);
        return await MeasureAsync(
            "MobileNet, head only",
            $"MobileNet v1 0.75 of ImageNet with a new head of 62 characters, which was first trained on {HeadImages} images of other writers. Polarity chosen on {PolarityImages} images of other writers (three quarters to train a head, one to measure): {string.Join(", ", accuracies)}. {choice}",
            model,
            head,
            settings,
            data).ConfigureAwait(false);
    }

    private static async Task<(PersonalizationSettings Settings, string Description)> ChooseSettingsAsync(PersonalModel model, IReadOnlyDictionary<string, Tensor> start, HandwritingData data)
    {
        var personalizer = new Personalizer(model);
        FeatureSet[] writers = [.. data.ValidationWriters.Select(w => personalizer.Extract(data.Images.Pick(data.RowsOf(w.Id)), Quiet, CancellationToken.None))];
        PersonalizationSettings best = SettingsOf(model, Seeds[0]);
        double bestAccuracy = -1;
        var tried = new List<string>();
        foreach (double learningRate in LearningRates)
        {
            foreach (int epochs in EpochCounts)
            {
                PersonalizationSettings settings = best with { LearningRate = learningRate, Epochs = epochs };
                double sum = 0;
                foreach (FeatureSet features in writers)
                {
                    model.Reset();
                    model.SetParameters(start);
                    HoldOutSplit split = HoldOutSplit.Of(features.Rows, HoldOut, settings.Seed);
                    await personalizer.TrainAsync(features.Select(split.Train.AsSpan()), settings, progress: null, CancellationToken.None).ConfigureAwait(false);
                    sum += personalizer.Score(features.Select(split.HoldOut.AsSpan()), CancellationToken.None).Accuracy;
                }

                tried.Add(string.Create(CultureInfo.InvariantCulture, $"{learningRate}/{epochs} {100 * sum / writers.Length:0.0} %"));
                Console.WriteLine(tried[^1]);
                if (sum > bestAccuracy)
                    (best, bestAccuracy) = (settings, sum);
            }
        }

        return (best, $"Learning rate/epochs chosen on five further writers ({string.Join(", ", data.ValidationWriters.Select(w => w.Name))}), kept out of the head's training too: {string.Join(", ", tried)}.");
    }

    private static async Task<double> PolarityAccuracyAsync(PersonalModel model, ImageSet images)
    {
        var personalizer = new Personalizer(model);
        FeatureSet features = personalizer.Extract(images, Quiet, CancellationToken.None);
        int[] rows = [.. Enumerable.Range(0, features.Rows)];
        int train = rows.Length * 3 / 4;
        await personalizer.TrainAsync(features.Select(rows.AsSpan(0, train)), SettingsOf(model, Seeds[0]), progress: null, CancellationToken.None).ConfigureAwait(false);
        return personalizer.Score(features.Select(rows.AsSpan(train)), CancellationToken.None).Accuracy;
    }

    private static async Task<NetworkResult> MeasureAsync(string name, string description, PersonalModel model, IReadOnlyDictionary<string, Tensor> start, PersonalizationSettings settings, HandwritingData data)
    {
        var personalizer = new Personalizer(model);
        var writers = new List<WriterResult>();
        foreach ((int id, string writer) in data.TestWriters)
        {
            ImageSet images = data.Images.Pick(data.RowsOf(id));
            var watch = Stopwatch.StartNew();
            FeatureSet features = personalizer.Extract(images, Quiet, CancellationToken.None);
            double featureSeconds = watch.Elapsed.TotalSeconds;
            var runs = new List<WriterRun>();
            foreach (int seed in Seeds)
            {
                model.Reset();
                model.SetParameters(start);
                HoldOutSplit split = HoldOutSplit.Of(images.Count, HoldOut, seed);
                FeatureSet holdOut = features.Select(split.HoldOut.AsSpan());
                ScoreReport before = personalizer.Score(holdOut, CancellationToken.None);
                TrainingResult training = await personalizer.TrainAsync(features.Select(split.Train.AsSpan()), settings with { Seed = seed }, progress: null, CancellationToken.None).ConfigureAwait(false);
                ScoreReport after = personalizer.Score(holdOut, CancellationToken.None);
                runs.Add(new(seed, before.Accuracy, after.Accuracy, training.Steps, training.Duration.TotalSeconds));
            }

            writers.Add(new(id, writer, images.Count, images.Labels.Distinct().Count(), runs.Average(r => r.Before), runs.Average(r => r.After), featureSeconds, [.. runs]));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {writer} {images.Count} images, {100 * writers[^1].Before:0.0} -> {100 * writers[^1].After:0.0} %"));
        }

        TrainedReport trained = TrainedReport.Of(model.Manifest);
        return new(
            name,
            description,
            [.. trained.Parameters],
            trained.Weights,
            model.Manifest.Optimizer.Kind,
            new TrainingDefaults(settings.LearningRate, settings.BatchSize, settings.Epochs),
            writers.Average(w => w.Before),
            writers.Average(w => w.After),
            [.. writers]);
    }

    private static string Render(WritersResult result)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Personalisation on twenty real writers\n\n{result.Machine}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Data: UNIPEN train_r01_v07, 62 classes. Twenty single writers with at least 200 images, chosen by a fixed seed; no image of theirs was used for pretraining. ");
        text.Append(CultureInfo.InvariantCulture, $"For each of the seeds {string.Join(", ", result.Seeds)}, {100 * (1 - result.HoldOutFraction):0} % of a writer's images are learned from and the rest are only measured on; figures are means over the seeds.\n");
        text.Append("Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- personalize-writers`.\n");
        foreach (NetworkResult network in result.Networks)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {network.Name}\n\n{network.Description}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"Trained: {string.Join(", ", network.Trained)} ({network.TrainedWeights} weights); {network.Optimizer}, learning rate {network.Settings.LearningRate}, {network.Settings.Epochs} epochs in batches of {network.Settings.BatchSize}. No setting was chosen on the test writers.\n\n");
            text.Append("| writer | images | classes | before | after | gain | features | training |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
            foreach (WriterResult w in network.Writers)
                text.Append(CultureInfo.InvariantCulture, $"| {w.Id} {w.Writer} | {w.Images} | {w.Classes} | {100 * w.Before:0.0} % | {100 * w.After:0.0} % | {100 * (w.After - w.Before):+0.0;-0.0} | {w.FeatureSeconds:0.00} s | {w.Runs.Average(r => r.TrainSeconds):0.00} s |\n");
            text.Append(CultureInfo.InvariantCulture, $"| **mean** | {network.Writers.Average(w => w.Images):0} | {network.Writers.Average(w => w.Classes):0} | **{100 * network.MeanBefore:0.0} %** | **{100 * network.MeanAfter:0.0} %** | **{100 * (network.MeanAfter - network.MeanBefore):+0.0;-0.0}** | {network.Writers.Average(w => w.FeatureSeconds):0.00} s | {network.Writers.Average(w => w.Runs.Average(r => r.TrainSeconds)):0.00} s |\n");
        }

        return text.ToString();
    }

    internal static PersonalModel Open(OnnxModel network, CompileOptions options, string folder)
    {
        string package = Path.Combine(folder, $"{Guid.NewGuid():N}.autlearn");
        ModelCompiler.Compile(network, options).SavePackage(package);
        return PersonalModel.Open(package);
    }

    internal static OnnxModel NewMobileNet(string path)
    {
        OnnxModel network = OnnxFile.Read(path);
        MobileNetDemo.ReplaceHead(network);
        return network;
    }

    internal static PersonalizationSettings SettingsOf(PersonalModel model, int seed) =>
        new(model.Manifest.Defaults.Epochs, model.Manifest.Defaults.BatchSize, model.Manifest.Defaults.LearningRate, seed, HoldOut);

    internal static void Quiet(int done)
    {
    }

    private sealed record WritersResult(string Machine, int[] Seeds, double HoldOutFraction, ImmutableArray<NetworkResult> Networks);

    private sealed record NetworkResult(
        string Name,
        string Description,
        ImmutableArray<string> Trained,
        long TrainedWeights,
        string Optimizer,
        TrainingDefaults Settings,
        double MeanBefore,
        double MeanAfter,
        ImmutableArray<WriterResult> Writers);

    private sealed record WriterResult(int Id, string Writer, int Images, int Classes, double Before, double After, double FeatureSeconds, ImmutableArray<WriterRun> Runs);

    private sealed record WriterRun(int Seed, double Before, double After, long Steps, double TrainSeconds);
}
