using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using AutLearn.Benchmarks.Experiments.Walks;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Pretraining;
using AutLearn.Cloud.Pretraining.Recipes;
using AutLearn.Cloud.Sentences;
using AutLearn.Graph;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Testing.Torch;
using AutLearn.Text;

namespace AutLearn.Benchmarks.Experiments.Words;

/// <summary>Walks text from raw files to a personal model by the tool alone, beside the same networks in libtorch. <c>text-walk [--out FILE]</c>.</summary>
internal static class TextWalk
{
    private const int BatchSize = 32;
    private const double HeldOut = 0.1;
    private const int Words = 10_000;
    private const int Tweets = 20_000;
    private const int TestTweets = 3_000;
    private const int Sequence = 20;

    private static readonly int[] Seeds = [1, 2, 3];

    public static int Run(string[] args)
    {
        TorchReference.Load();
        var watch = Stopwatch.StartNew();
        using var folder = new BenchmarkFolder();
        var commands = new List<string>();
        var table = new StringBuilder();
        foreach ((string name, string train, string test, string mine, TextPooling pooling, int hidden, double rate, int epochs) in (ReadOnlySpan<(string, string, string, string, TextPooling, int, double, int)>)
        [
            ("SST-2, mean", "sst2_train", "sst2_test", "cr", TextPooling.Mean, 64, 0.002, 6),
            ("TREC, LSTM", "trec_train", "trec_test", "", TextPooling.Lstm, 64, 0.002, 12),
        ])
        {
            var rows = new List<double[]>();
            foreach (int seed in Seeds)
                rows.Add(Classifier(folder.Path, ToolWalk.Data($"eda/{train}.tsv.gz"), ToolWalk.Data($"eda/{test}.tsv.gz"), mine.Length == 0 ? null : ToolWalk.Data($"eda/{mine}.tsv.gz"), pooling, hidden, rate, epochs, seed, seed == Seeds[0] ? commands : []));
            Console.WriteLine($"{name}: {string.Join(" | ", rows[0].Select((_, i) => ToolWalk.Spread(rows, i, 100, "0.0")))}");
            table.AppendLine(CultureInfo.InvariantCulture, $"| {name}, test accuracy in % | {ToolWalk.Spread(rows, 0, 100, "0.0")} | {ToolWalk.Spread(rows, 1, 100, "0.0")} |");
            if (mine.Length > 0)
            {
                table.AppendLine(CultureInfo.InvariantCulture, $"| the same on customers' reviews, before | {ToolWalk.Spread(rows, 2, 100, "0.0")} | {ToolWalk.Spread(rows, 3, 100, "0.0")} |");
                table.AppendLine(CultureInfo.InvariantCulture, $"| after learning from 70 % of them | {ToolWalk.Spread(rows, 4, 100, "0.0")} | {ToolWalk.Spread(rows, 5, 100, "0.0")} |");
            }
        }

        var figures = new List<double[]> { LanguageModel(folder.Path, commands) };
        table.AppendLine(CultureInfo.InvariantCulture, $"| tweets, loss a token of {TestTweets} later ones | {ToolWalk.Spread(figures, 0, 1, "0.000")} | {ToolWalk.Spread(figures, 1, 1, "0.000")} |");
        table.AppendLine(CultureInfo.InvariantCulture, $"| next word hit in % | {ToolWalk.Spread(figures, 2, 100, "0.0")} | {ToolWalk.Spread(figures, 3, 100, "0.0")} |");
        table.AppendLine(CultureInfo.InvariantCulture, $"| loss a token of Hamlet's last lines, before | {ToolWalk.Spread(figures, 4, 1, "0.000")} | {ToolWalk.Spread(figures, 5, 1, "0.000")} |");
        table.AppendLine(CultureInfo.InvariantCulture, $"| after learning from his first 70 % | {ToolWalk.Spread(figures, 6, 1, "0.000")} | {ToolWalk.Spread(figures, 7, 1, "0.000")} |");
        string text = Render(table.ToString(), commands, watch.Elapsed);
        Console.Write(text);
        if (args is ["--out", var file])
            File.WriteAllText(file, text);
        return 0;
    }

    // Accuracies: test (tool, libtorch), the other set before (both), after (both).
    private static double[] Classifier(
        string folder, string train, string test, string? mine, TextPooling pooling, int hidden, double rate, int epochs, int seed, List<string> commands)
    {
        string model = Path.Combine(folder, "classifier.onnx"), package = Path.Combine(folder, "classifier.autlearn");
        ToolWalk.Tool(commands, "pretrain", train, "--recipe", "text-classifier", "--pooling", $"{pooling}".ToLowerInvariant(), "--hidden", $"{hidden}", "--vocabulary", $"{Words}", "--epochs", $"{epochs}", "--lr", ToolWalk.Number(rate), "--seed", $"{seed}", "--out", model);
        ToolWalk.Tool(commands, "compile", model, "--out", package);
        double tool = ToolWalk.Figure(ToolWalk.Tool(commands, "evaluate", package, test), "figures", "accuracy");

        // The same rows, words and first weights.
        TextClassifierRecipe? recipe = null;
        OnnxModel? fresh = null;
        PretrainTask task = TextTasks.Classifier(
            SentenceFile.Read(train, LabelNeed.Needed),
            new TextRecipe("text-classifier", s => fresh = (recipe = new TextClassifierRecipe(s.Words, s.Classes, hidden, pooling, s.Padding, 0.5)).Build(seed)),
            Words, null, HeldOut, seed);
        using var torch = new TorchTextClassifier(recipe!);
        torch.Load(fresh!.Graph);
        torch.Train(task.Training, task.Validation, epochs, BatchSize, rate, seed, _ => true, clip: null);
        var encoder = new TextEncoder(task.Text!.Spec, TextEncoder.Open(task.Text), TokenizerArguments.Inputs(fresh!));
        double theirs = torch.Measure(Rows(encoder, SentenceFile.Read(test, LabelNeed.Needed), task, null), BatchSize).Accuracy;
        if (mine is null)
            return [tool, theirs];
        const double HeadRate = 0.005;
        const int HeadEpochs = 10;
        JsonElement personal = ToolWalk.Tool(commands, "personalize", package, mine, "--epochs", $"{HeadEpochs}", "--lr", ToolWalk.Number(HeadRate), "--seed", $"{seed}");

        // libtorch goes on from the tool's weights, so that learning the head alone is compared.
        torch.Load(OnnxFile.Read(model).Graph);
        SentenceSet own = SentenceFile.Read(mine, LabelNeed.Needed);
        var split = AutLearn.Cloud.Data.HoldOutSplit.Of(own.Sentences.Count, 0.3, seed);
        SentenceSource learned = Rows(encoder, own, task, [.. split.Train]), heldOut = Rows(encoder, own, task, [.. split.HoldOut]);
        double before = torch.Measure(heldOut, BatchSize).Accuracy;
        torch.Train(learned, null, HeadEpochs, 16, HeadRate, seed, n => n.StartsWith("classifier.", StringComparison.Ordinal), clip: null);
        return [tool, theirs, ToolWalk.Figure(personal, "before", "accuracy"), before, ToolWalk.Figure(personal, "after", "accuracy"), torch.Measure(heldOut, BatchSize).Accuracy];
    }

    // Test loss and hits (tool, libtorch each), Hamlet before and after.
    private static double[] LanguageModel(string folder, List<string> commands)
    {
        const int Seed = 1, Hidden = 96, Vocabulary = 5_000, Epochs = 3, HeadEpochs = 3;
        const double Rate = 0.003, HeadRate = 0.001;
        string train = Path.Combine(folder, "tweets.tsv"), test = Path.Combine(folder, "later.tsv"), mine = Path.Combine(folder, "hamlet.txt");

        // Without the column that says in which part of some other task each stood.
        string[] tweets = [.. Lines(ToolWalk.Data("twitter/tweets.tsv.gz")).Take(1 + Tweets + TestTweets).Select(l => l.Split('\t')).Select(c => $"{c[0]}\t{c[2]}")];
        File.WriteAllLines(train, tweets[..(1 + Tweets)]);
        File.WriteAllLines(test, [tweets[0], .. tweets[(1 + Tweets)..]]);
        File.WriteAllLines(mine, Lines(ToolWalk.Data("shakespeare/shakespeare_roles.tsv.gz")).Select(l => l.Split('\t')).Where(c => c[0] == "hamlet/Hamlet").Select(c => c[4]));
        string model = Path.Combine(folder, "lm.onnx"), package = Path.Combine(folder, "lm.autlearn");
        ToolWalk.Tool(commands, "pretrain", train, "--recipe", "lstm-lm", "--hidden", $"{Hidden}", "--layers", "1", "--vocabulary", $"{Vocabulary}", "--sequence", $"{Sequence}", "--epochs", $"{Epochs}", "--lr", ToolWalk.Number(Rate), "--clip-norm", "1", "--seed", $"{Seed}", "--out", model);
        ToolWalk.Tool(commands, "compile", model, "--optimizer", "adam", "--out", package);
        JsonElement later = ToolWalk.Tool(commands, "evaluate", package, test);

        LstmLanguageModelRecipe? recipe = null;
        OnnxModel? fresh = null;
        PretrainTask task = TextTasks.LanguageModel(
            SentenceFile.Read(train, LabelNeed.Ignored),
            new TextRecipe("lstm-lm", s => fresh = (recipe = new LstmLanguageModelRecipe(s.Words, Hidden, 1, IsTied: false, 0.2)).Build(Seed)),
            Vocabulary, Sequence, HeldOut);
        using var torch = new TorchLanguageModel(recipe!);
        torch.Load(fresh!.Graph);
        torch.Train(task.Training, task.Validation, Epochs, BatchSize, Rate, Seed, _ => true, clip: 1);
        ITextTokenizer words = TextEncoder.Open(task.Text!);
        (double loss, double hits) = torch.Measure(new TokenSource(Tokens(test, words, task), Sequence), BatchSize);

        JsonElement personal = ToolWalk.Tool(commands, "personalize", package, mine, "--epochs", $"{HeadEpochs}", "--lr", ToolWalk.Number(HeadRate), "--seed", $"{Seed}");
        torch.Load(OnnxFile.Read(model).Graph);
        long[] tokens = Tokens(mine, words, task);
        int rows = (tokens.Length - 1) / Sequence, held = (int)Math.Round(rows * 0.3);
        var heldOut = new TokenSource(tokens.AsMemory((rows - held) * Sequence), Sequence);
        double before = torch.Measure(heldOut, BatchSize).Loss;
        torch.Train(new TokenSource(tokens.AsMemory(0, ((rows - held) * Sequence) + 1), Sequence), null, HeadEpochs, 16, HeadRate, Seed, n => n.StartsWith("head.", StringComparison.Ordinal), clip: null);
        return
        [
            ToolWalk.Figure(later, "figures", "loss"), loss, ToolWalk.Figure(later, "figures", "accuracy"), hits,
            ToolWalk.Figure(personal, "before", "loss"), before, ToolWalk.Figure(personal, "after", "loss"), torch.Measure(heldOut, BatchSize).Loss,
        ];
    }

    private static long[] Tokens(string path, ITextTokenizer words, PretrainTask task) =>
        TextLines.Tokens(SentenceFile.Read(path, LabelNeed.Ignored).Sentences.Select(s => s.Text), words, task.Text!.Spec.End!.Value);

    private static SentenceSource Rows(TextEncoder encoder, SentenceSet set, PretrainTask task, int[]? picked)
    {
        long[] labels = LabelNames.Number(set, task.Classes, null);
        int[] rows = picked ?? [.. Enumerable.Range(0, labels.Length)];
        return new(encoder, [.. rows.Select(r => encoder.Encode(set.Sentences[r].Text))], [.. rows.Select(r => labels[r])]);
    }

    private static IEnumerable<string> Lines(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    private static string Render(string rows, List<string> commands, TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture, $"""
        # Text, from raw files to a personal model

        {MachineHeader.Text}; {elapsed.TotalSeconds:0} s

        Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- text-walk --out bench/results/text-walk.md`. AutLearn's side is the tool alone, from the raw files on; libtorch trains the same network from the same first weights on the same words, rows and split, with its own order of batches and dropout, and keeps the epoch of the lowest validation loss, too. What is personalised is the head, in libtorch from the tool's pretrained weights, Adam on both sides. Classifiers: mean and standard deviation over seeds {string.Join(", ", Seeds)}, which decide weights and splits.

        | | the tool | libtorch |
        | --- | ---: | ---: |
        {rows.TrimEnd()}

        The commands (of seed 1; `tweets.tsv` and `later.tsv` are the first {Tweets} rows of the collected tweets, without their column of parts, and the {TestTweets} behind, `hamlet.txt` the lines of one Shakespearean role):

        ```
        {string.Join("\n", commands.Select(c => $"autlearn {c}"))}
        ```

        """);
}
