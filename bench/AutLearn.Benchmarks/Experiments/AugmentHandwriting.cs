using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Augment.Images;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Demo;
using AutLearn.Cloud.Personalization;
using AutLearn.Compiler;
using AutLearn.Graph;
using AutLearn.Runtime;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Measures what image augmentation adds to personalising MobileNet's head on twenty real writers.</summary>
internal static class AugmentHandwriting
{
    private const double HoldOut = 0.3;
    private const int HeadImages = 4000;
    private const int Epochs = 20;
    private const int BatchSize = 16;
    private const double LearningRate = 0.003;

    // Twice the side of the source, so that the second resampling loses little.
    private const int AugmentedSide = 56;
    private static readonly int[] Seeds = [1, 2, 3];

    public static async Task<int> RunAsync(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        HandwritingData data = HandwritingData.Open();
        string folder = Directory.CreateTempSubdirectory("autlearn-augment-").FullName;
        var watch = Stopwatch.StartNew();
        try
        {
            CompileOptions options = MobileNetDemo.Options();
            using PersonalModel model = PersonalizeWriters.Open(PersonalizeWriters.NewMobileNet(MobileNetDemo.PathIn(DataFolder.Find()!)), options, folder);
            KeyValuePair<string, Tensor>[] head = await PretrainHeadAsync(model, data).ConfigureAwait(false);
            var rows = new StringBuilder();
            var all = new List<double[]>();
            foreach ((int id, string writer) in data.TestWriters)
            {
                double[] accuracies = await MeasureAsync(model, head, data.Images.Pick(data.RowsOf(id))).ConfigureAwait(false);
                all.Add(accuracies);
                string row = Row($"{id} {writer}", accuracies);
                Console.WriteLine(row);
                rows.AppendLine(row);
            }

            rows.AppendLine(Row("**mean**", [.. Enumerable.Range(0, 3).Select(i => all.Average(a => a[i]))]));
            double[] gains = [.. all.Select(a => a[1] - a[0])];
            double mean = gains.Average();
            double deviation = Math.Sqrt(gains.Sum(g => (g - mean) * (g - mean)) / (gains.Length - 1));
            File.WriteAllText(Path.Combine(output, "augment-handwriting.md"), Render(rows.ToString(), mean, deviation, gains.Count(g => g < 0), watch.Elapsed));
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
        new Random(Seeds[0]).Shuffle(rows);
        var personalizer = new Personalizer(model);
        FeatureSet others = personalizer.Extract(data.Images.Pick(rows[..HeadImages]), PersonalizeWriters.Quiet, CancellationToken.None);
        await new FineTuner(model).TrainAsync(others, new TrainingOptions { Seed = Seeds[0] }).ConfigureAwait(false);
        return [.. model.Parameters.Select(p => KeyValuePair.Create(p.Tensor.Name, model.GetParameter(p.Tensor.Name)))];
    }

    // Accuracies without augmentation, with it, and without it but for as many steps; means over the seeds.
    private static async Task<double[]> MeasureAsync(PersonalModel model, KeyValuePair<string, Tensor>[] head, ImageSet images)
    {
        var personalizer = new Personalizer(model);
        FeatureSet originals = personalizer.Extract(images, PersonalizeWriters.Quiet, CancellationToken.None);
        double[] sums = new double[3];
        foreach (int seed in Seeds)
        {
            HoldOutSplit split = HoldOutSplit.Of(images.Count, HoldOut, seed);
            ImageSet training = images.Pick(split.Train);
            FeatureSet plain = originals.Select(split.Train.AsSpan());
            FeatureSet augmented = personalizer.Extract(Augmented(training, seed), PersonalizeWriters.Quiet, CancellationToken.None);
            augmented.Append(plain);
            FeatureSet holdOut = originals.Select(split.HoldOut.AsSpan());
            (FeatureSet Rows, int Epochs)[] arms = [(plain, Epochs), (augmented, Epochs), (plain, 2 * Epochs)];
            for (int arm = 0; arm < arms.Length; arm++)
            {
                model.Reset();
                model.SetParameters(head);
                var settings = new TrainingOptions { Epochs = arms[arm].Epochs, BatchSize = BatchSize, LearningRate = LearningRate, Seed = seed };
                await new FineTuner(model).TrainAsync(arms[arm].Rows, settings).ConfigureAwait(false);
                sums[arm] += personalizer.Score(holdOut, CancellationToken.None).Accuracy / Seeds.Length;
            }
        }

        return sums;
    }

    // One more image for each, so at most as much extra as there was.
    private static ImageSet Augmented(ImageSet images, int seed)
    {
        var pipeline = new ImagePipeline(new ImagePipelineOptions
        {
            Steps = [new RandomCropStep(0.85), new RotationStep(10), new TranslationStep(0.07, 0.07)],
            Seed = seed,
            Border = BorderMode.Constant,
            Fill = 0xFF000000,
        });
        var layout = new TensorLayout(AugmentedSide, AugmentedSide, 1, 0, 1);
        return new ImageSet(
            images.Labels,
            images.Classes,
            (i, _) =>
            {
                PixelImage image = images.Load(i);
                float[] levels = new float[layout.Length];
                pipeline.Augment(image, layout, levels, i);
                return PixelImage.FromGrey(AugmentedSide, AugmentedSide, levels.Select(l => (byte)MathF.Round(l)).ToArray());
            },
            images.NameOf);
    }

    private static string Row(string name, double[] accuracies) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {100 * accuracies[0]:0.0} % | {100 * accuracies[1]:0.0} % | {100 * (accuracies[1] - accuracies[0]):+0.0;-0.0} | {100 * accuracies[2]:0.0} % |");

    private static string Render(string rows, double gain, double deviation, int harmed, TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture, $"""
        # Augmentation of handwriting

        {MachineHeader.Text}; {elapsed.TotalSeconds:0} s

        MobileNet v1 0.75 of ImageNet, head of 62 characters trained on {HeadImages} images of other writers, then personalised on 70 % of each of twenty UNIPEN writers: {Epochs} epochs in batches of {BatchSize}, learning rate {LearningRate}. Augmentation: crop (at least 85 % of each side), rotation (10 degrees), translation (7 %), one augmented image for each original. The last column trains without augmentation for as many steps as the augmented arm takes. Accuracy on the other 30 %, never augmented; means over the seeds {string.Join(", ", Seeds)}.
        Gain: {100 * gain:+0.0;-0.0} points on average over the writers (standard deviation {100 * deviation:0.0}; {harmed} of 20 lose).
        Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- augment-handwriting`.

        | writer | without | with augmentation | gain | without, twice the epochs |
        | --- | ---: | ---: | ---: | ---: |
        {rows.TrimEnd()}

        """);
}
