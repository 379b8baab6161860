using System.Diagnostics;
using System.Globalization;
using AutLearn.Augment.Images;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Demo;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Trains the demo's network, all parameters, with our compiler and runtime, on every UNIPEN writer but the twenty that are kept for testing.</summary>
internal static class PretrainHandwriting
{
    private const int Seed = 1;
    private const int BatchSize = 64;
    private const double PeakLearningRate = 0.002;

    public static int Run(string[] args)
    {
        int epochs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 4;
        string output = args.Length > 1 ? args[1] : Path.Combine("src", "AutLearn.Cloud", "Demo", "handwriting.onnx");
        HandwritingData data = HandwritingData.Open();
        int[] train = data.PretrainingRows();
        int[] test = [.. data.TestWriters.SelectMany(w => data.RowsOf(w.Id))];
        Console.WriteLine($"{train.Length} images of {data.Writers.Distinct().Count() - data.TestWriters.Count} writers; test writers {string.Join(", ", data.TestWriters.Select(w => w.Name))} ({test.Length} images).");

        string folder = Directory.CreateTempSubdirectory("autlearn-pretrain-").FullName;
        try
        {
            string package = Path.Combine(folder, "pretrain.autlearn");
            ModelCompiler.Compile(HandwritingNetwork.Create(Seed), new CompileOptions
            {
                ModelName = "handwriting",
                Trainable = TrainableSelection.All,
                Optimizer = new AdamWOptimizer(),
                BatchNormalization = NormalizationStatistics.Training,
                Preprocessing = DemoModel.Preprocessing,
                Classes = IdxImages.AlphanumericClasses,
                Defaults = new TrainingDefaults(PeakLearningRate, BatchSize, epochs),
            }).SavePackage(package);
            using PersonalModel model = PersonalModel.Open(package);
            Train(model, data.Images, train, test, epochs);
            model.Export(output);
            Console.WriteLine($"{output}: {new FileInfo(output).Length} bytes.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static void Train(PersonalModel model, ImageSet images, int[] train, int[] test, int epochs)
    {
        ImagePreprocessing preprocessing = DemoModel.Preprocessing;
        var layout = new TensorLayout(preprocessing.Width, preprocessing.Height, preprocessing.Channels, preprocessing.Mean, preprocessing.Std);
        ImagePipeline augmentation = ImagePresets.Handwriting(Seed);
        float[] input = new float[BatchSize * layout.Length];
        long[] labels = new long[BatchSize];
        var random = new Random(Seed);
        long steps = (long)epochs * (train.Length / BatchSize);
        long done = 0;
        var watch = Stopwatch.StartNew();
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            random.Shuffle(train);
            double loss = 0;
            int batches = train.Length / BatchSize;
            for (int b = 0; b < batches; b++)
            {
                for (int i = 0; i < BatchSize; i++)
                {
                    int row = train[(b * BatchSize) + i];
                    PixelImage image = images.Load(row);
                    labels[i] = images.Labels[row];
                    augmentation.Augment(image, layout, input.AsSpan(i * layout.Length, layout.Length), row, epoch);
                }

                loss += model.TrainStep(input, labels, LearningRate(done++, steps)).Loss;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}: loss {loss / batches:0.0000}, {watch.Elapsed.TotalSeconds:0} s, accuracy on the test writers {Accuracy(model, images, test):0.0000}"));
        }
    }

    // A linear warm-up over the first twentieth of the steps, then half a cosine down to zero (Loshchilov and Hutter, arXiv:1608.03983).
    private static double LearningRate(long step, long steps)
    {
        double warmup = Math.Max(1, steps / 20.0);
        double rate = step < warmup ? (step + 1) / warmup : 0.5 * (1 + Math.Cos(Math.PI * (step - warmup) / (steps - warmup)));
        return Math.Max(1e-6, PeakLearningRate * rate);
    }

    private static double Accuracy(PersonalModel model, ImageSet images, int[] rows)
    {
        var tensorizer = new ImageTensorizer(DemoModel.Preprocessing);
        float[] input = new float[BatchSize * tensorizer.ValuesPerImage];
        using PredictionBatch batch = model.CreateBatch(BatchSize);
        int correct = 0;
        for (int first = 0; first < rows.Length; first += BatchSize)
        {
            int count = Math.Min(BatchSize, rows.Length - first);
            for (int i = 0; i < count; i++)
                tensorizer.Fill(images.Load(rows[first + i]), input.AsSpan(i * tensorizer.ValuesPerImage, tensorizer.ValuesPerImage));
            model.Predict(input.AsSpan(0, count * tensorizer.ValuesPerImage), batch);
            for (int i = 0; i < count; i++)
                correct += batch.PredictedClass(i) == images.Labels[rows[first + i]] ? 1 : 0;
        }

        return (double)correct / rows.Length;
    }
}
