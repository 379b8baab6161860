using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutLearn.Augment.Text;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Runtime;

namespace AutLearn.Benchmarks.Experiments.Sentences;

/// <summary>Measures what EDA adds where 500 labelled sentences are all there is.</summary>
internal static class EdaClassification
{
    private const int TrainingSentences = 500;
    private const int ValidationSentences = 200;
    private const int MaxEpochs = 30;
    private const int Patience = 3;
    private const double LearningRate = 0.001;
    private static readonly string[] Arms = ["none", "EDA, default mode", "EDA, reference mode"];
    private static readonly int[] Seeds = [1, 2, 3, 4, 5];

    public static async Task<int> RunAsync(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        var watch = Stopwatch.StartNew();
        var table = new StringBuilder();
        double[] sums = new double[Arms.Length];
        IReadOnlyList<SentenceDataset> datasets = SentenceDataset.OpenAll();
        foreach (SentenceDataset dataset in datasets)
        {
            double[][] accuracies = [[], [], []];
            for (int arm = 0; arm < Arms.Length; arm++)
            {
                foreach (int seed in Seeds)
                    accuracies[arm] = [.. accuracies[arm], await MeasureAsync(dataset, arm, seed).ConfigureAwait(false)];
                sums[arm] += accuracies[arm].Average();
            }

            string row = $"| {dataset.Name} | {dataset.Test.Count} | {string.Join(" | ", accuracies.Select(Cell))} | {Gain(accuracies[1].Average() - accuracies[0].Average())} | {Gain(accuracies[2].Average() - accuracies[0].Average())} |";
            Console.WriteLine(row);
            table.AppendLine(row);
        }

        double[] means = [.. sums.Select(s => s / datasets.Count)];
        table.AppendLine(CultureInfo.InvariantCulture, $"| **mean** | | {string.Join(" | ", means.Select(m => $"**{Percent(m)}**"))} | **{Gain(means[1] - means[0])}** | **{Gain(means[2] - means[0])}** |");
        File.WriteAllText(Path.Combine(output, "eda-classification.md"), Render(table.ToString(), watch.Elapsed));
        return 0;
    }

    private static async Task<double> MeasureAsync(SentenceDataset dataset, int arm, int seed)
    {
        (string Text, int Label)[] pool = [.. dataset.Pool];
        new Random(seed).Shuffle(pool);
        (string Text, int Label)[] original = pool[..TrainingSentences];
        (string Text, int Label)[] validation = pool[TrainingSentences..(TrainingSentences + ValidationSentences)];
        (string Text, int Label)[] train = Augment(original, arm, seed);
        var encoder = new WordEncoder(train.Select(t => t.Text));
        string folder = Directory.CreateTempSubdirectory("autlearn-eda-").FullName;
        try
        {
            ModelCompiler.Compile(SentenceNetwork.Create(encoder.Count, dataset.Classes, seed), new CompileOptions
            {
                ModelName = "sentences",
                Trainable = TrainableSelection.All,
                Optimizer = new AdamOptimizer(),
            }).Save(folder);
            using var model = PersonalModel.Open(folder, new PersonalModelOptions { Seed = seed });
            FeatureSet trainRows = Encode(model, encoder, train), validationRows = Encode(model, encoder, validation), testRows = Encode(model, encoder, dataset.Test);
            await TrainAsync(model, trainRows, validationRows, seed).ConfigureAwait(false);
            return model.Evaluate(testRows).Accuracy!.Value;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Early stopping on sentences that no arm augments, as in the paper: the arms differ in nothing but their training sentences.
    private static async Task TrainAsync(PersonalModel model, FeatureSet train, FeatureSet validation, int seed)
    {
        double best = double.PositiveInfinity;
        int since = 0;
        KeyValuePair<string, Tensor>[] kept = [];
        for (int epoch = 1; epoch <= MaxEpochs && since < Patience; epoch++)
        {
            await new FineTuner(model).TrainAsync(train, new TrainingOptions { Epochs = 1, BatchSize = 32, LearningRate = LearningRate, Seed = (1000 * seed) + epoch }).ConfigureAwait(false);
            double loss = model.Evaluate(validation).Loss;
            since++;
            if (loss >= best)
                continue;
            (best, since) = (loss, 0);
            kept = [.. model.Parameters.Select(p => KeyValuePair.Create(p.Tensor.Name, model.GetParameter(p.Tensor.Name)))];
        }

        model.SetParameters(kept);
    }

    private static (string Text, int Label)[] Augment((string Text, int Label)[] sentences, int arm, int seed)
    {
        if (arm == 0)
            return sentences;
        (double alpha, int count) = Eda.RecommendedStrength(TrainingSentences);
        var options = new EdaOptions { SynonymReplacement = alpha, RandomInsertion = alpha, RandomSwap = alpha, RandomDeletion = alpha, Count = count, Seed = seed };
        var eda = new Eda(options);
        var reference = new ReferenceEda(options);
        return
        [
            .. sentences,
            .. sentences.SelectMany((s, i) => (arm == 1 ? eda.Augment(s.Text, i) : reference.Augment(s.Text, i)).Select(t => (t, s.Label))),
        ];
    }

    private static FeatureSet Encode(PersonalModel model, WordEncoder encoder, IReadOnlyList<(string Text, int Label)> sentences)
    {
        const int Rows = 100;
        FeatureSet features = model.CreateFeatureSet();
        for (int first = 0; first < sentences.Count; first += Rows)
        {
            int count = Math.Min(Rows, sentences.Count - first);
            var words = new TensorBuffer(ElementType.Int64, count, WordEncoder.Length);
            words.CopyFrom<long>([.. Enumerable.Range(first, count).SelectMany(i => encoder.Encode(sentences[i].Text))]);
            using PredictionBatch batch = model.Predict([words]);
            features.Add(batch, [.. Enumerable.Range(first, count).Select(i => (long)sentences[i].Label)]);
        }

        return features;
    }

    private static string Render(string rows, TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture, $"""
        # EDA with 500 training sentences

        {MachineHeader.Text}; {elapsed.TotalSeconds:0} s

        A convolutional sentence classifier (64 filters over learned embeddings, no pretrained vectors), compiled and trained by AutLearn. Each seed draws {TrainingSentences} training and {ValidationSentences} validation sentences; EDA adds at most {Eda.RecommendedStrength(TrainingSentences).Count} sentences to each with alpha {Eda.RecommendedStrength(TrainingSentences).Alpha}, as the paper recommends for this size. Every arm: Adam, learning rate {LearningRate}, batches of 32, dropout 0.5, at most {MaxEpochs} epochs, stopped after {Patience} without a lower validation loss. Accuracy on the test sets, mean and standard deviation over the seeds {string.Join(", ", Seeds)}.
        Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- eda-classification`.

        | set | test sentences | {string.Join(" | ", Arms)} | gain, default | gain, reference |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: |
        {rows.TrimEnd()}

        """);

    private static string Cell(double[] accuracies)
    {
        double mean = accuracies.Average();
        double deviation = Math.Sqrt(accuracies.Sum(a => (a - mean) * (a - mean)) / (accuracies.Length - 1));
        return string.Create(CultureInfo.InvariantCulture, $"{Percent(mean)} ± {100 * deviation:0.0}");
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");

    private static string Gain(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:+0.0;-0.0}");
}
