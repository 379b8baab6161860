using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Pretraining;
using AutLearn.Cloud.Pretraining.Recipes;
using AutLearn.Cloud.Tables;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime.Training;
using AutLearn.Testing.Torch;
using TorchSharp;
using Functional = TorchSharp.torch.nn.functional;

namespace AutLearn.Benchmarks.Experiments.Walks;

/// <summary>Walks photos, digits, numbers and tags from raw files to a personal model by the tool alone, beside the same networks in libtorch. <c>data-walk FOLDER [--out FILE]</c>.</summary>
internal static class DataWalk
{
    private const int BatchSize = 32;
    private const double HeldOut = 0.1;
    private const double OwnHeldOut = 0.3;
    private const int HeadBatch = 16;

    // Output channels and stride of each pair of the MobileNet recipe at width 1.
    private static readonly int[] Strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];
    private static readonly int[] Seeds = [1, 2, 3];

    public static int Run(string[] args)
    {
        if (args.Length == 0 || args[0].StartsWith('-'))
        {
            Console.Error.WriteLine("data-walk FOLDER [--out FILE]: FOLDER holds enb.csv, emotions-train.csv and emotions-test.csv (eng/table-data.sh FOLDER fetches them).");
            return 2;
        }

        TorchReference.Load();
        var watch = Stopwatch.StartNew();
        using var folder = new BenchmarkFolder();
        var commands = new List<string>();
        var table = new StringBuilder();
        ZipFile.ExtractToDirectory(ToolWalk.Data("gallery/cifar10_subset.zip"), Path.Combine(folder.Path, "cifar"));
        string cifar = Path.Combine(folder.Path, "cifar");
        Walk("photos in class folders (CIFAR-10, 2,000), MobileNet at 0.25", 100, "0.0", s => Images(folder.Path, Path.Combine(cifar, "train"), Path.Combine(cifar, "test"), 3, 12, s, Commands(s)));
        Walk("digits of IDX files (NIST, 10,000), MobileNet at 0.25", 100, "0.0", s => Images(folder.Path, ToolWalk.Data("handwriting/nist10k-images-idx3-ubyte.gz"), null, 1, 4, s, Commands(s)));
        Walk("numbers of buildings (768 rows, 2 targets), perceptron, R2", 1, "0.000", s => Table(folder.Path, Path.Combine(args[0], "enb.csv"), null, ["Y1", "Y2"], "mse", 100, 0.003, s, Commands(s)));
        Walk("tags of music (593 rows, 6 tags), perceptron, mean F1", 100, "0.0", s => Table(
            folder.Path, Path.Combine(args[0], "emotions-train.csv"), Path.Combine(args[0], "emotions-test.csv"), ["amazed-suprised", "happy-pleased", "relaxing-calm", "quiet-still", "sad-lonely", "angry-aggresive"], "bce", 40, 0.003, s, Commands(s)));
        string text = Render(table.ToString(), commands, watch.Elapsed);
        Console.Write(text);
        if (args is [_, "--out", var file])
            File.WriteAllText(file, text);
        return 0;

        List<string> Commands(int seed) => seed == Seeds[0] ? commands : [];

        void Walk(string name, double scale, string format, Func<int, double[]> run)
        {
            List<double[]> rows = [.. Seeds.Select(run)];
            string[] stages = ["others", "own, before", "own, after"];
            for (int i = 0; i < stages.Length; i++)
                table.AppendLine(CultureInfo.InvariantCulture, $"| {(i == 0 ? name : "")} | {stages[i]} | {ToolWalk.Spread(rows, 2 * i, scale, format)} | {ToolWalk.Spread(rows, (2 * i) + 1, scale, format)} |");
            Console.WriteLine($"{name}: {string.Join(" | ", rows[0].Select((_, i) => ToolWalk.Spread(rows, i, scale, format)))}");
        }
    }

    // Accuracy on rows that pretraining did not see; on those held out of one's own before and after learning from the rest (tool, libtorch each).
    private static double[] Images(string folder, string train, string? test, int channels, int epochs, int seed, List<string> commands)
    {
        const double Rate = 0.003, HeadRate = 0.003;
        const int HeadEpochs = 10;
        string model = Path.Combine(folder, "images.onnx"), package = Path.Combine(folder, "images.autlearn");
        test ??= Split(folder, ref train);
        ToolWalk.Tool(commands, "pretrain", train, "--recipe", "mobilenet", "--width", "0.25", "--resolution", "32", "--epochs", $"{epochs}", "--lr", ToolWalk.Number(Rate), "--validation", ToolWalk.Number(HeldOut), "--seed", $"{seed}", "--out", model);
        ToolWalk.Tool(commands, "compile", model, "--optimizer", "adam", "--out", package);
        double tool = ToolWalk.Tool(commands, "evaluate", package, test).GetProperty("accuracy").GetDouble();

        OnnxModel trained = OnnxFile.Read(model);
        ImagePreprocessing shape = ModelNotes.Preprocessing(trained)!;
        ImageSet images = Open(train), others = Open(test);
        var split = HoldOutSplit.Of(images, DataPart.Validation, HeldOut, seed);
        var recipe = new MobileNetRecipe(0.25, 32, channels, Math.Max(images.Labels.Max() + 1, images.Classes.Length));
        using TorchNetwork fresh = MobileNet(recipe.Build(seed).Graph);
        fresh.Train(Source(images, split.Train), Source(images, split.HoldOut), epochs, BatchSize, Rate, seed);
        double theirs = Accuracy(fresh, Source(others, [.. Enumerable.Range(0, others.Count)]));

        JsonElement personal = ToolWalk.Tool(commands, "personalize", package, test, "--epochs", $"{HeadEpochs}", "--lr", ToolWalk.Number(HeadRate), "--seed", $"{seed}");
        using TorchNetwork own = MobileNet(trained.Graph);
        var ownSplit = HoldOutSplit.Of(others.Count, OwnHeldOut, seed);
        ISampleSource held = Source(others, ownSplit.HoldOut);
        double before = Accuracy(own, held);
        own.Train(Source(others, ownSplit.Train), null, HeadEpochs, HeadBatch, HeadRate, seed, n => n.StartsWith("classifier.", StringComparison.Ordinal));
        return [tool, theirs, ToolWalk.Figure(personal, "before", "accuracy"), before, ToolWalk.Figure(personal, "after", "accuracy"), Accuracy(own, held)];

        MemorySource Source(ImageSet set, IEnumerable<int> rows) => new(new ImageSource(set.Pick([.. rows]), shape));
    }

    // R2 or F1 instead, the mean over the columns.
    private static double[] Table(string folder, string train, string? test, string[] targets, string loss, int epochs, double rate, int seed, List<string> commands)
    {
        const double HeadRate = 0.003;
        const int HeadEpochs = 20;
        string model = Path.Combine(folder, "table.onnx"), package = Path.Combine(folder, "table.autlearn");
        if (test is null)
            (train, test) = Halves(folder, train);
        ToolWalk.Tool(commands, ["pretrain", train, "--recipe", "mlp", .. targets.SelectMany(t => new[] { "--target", t }), "--loss", loss, "--epochs", $"{epochs}", "--lr", ToolWalk.Number(rate), "--validation", ToolWalk.Number(HeldOut), "--seed", $"{seed}", "--out", model]);
        ToolWalk.Tool(commands, "compile", model, "--trainable", "head.*", "--optimizer", "adam", "--out", package);
        double tool = Mean(ToolWalk.Tool(commands, "evaluate", package, test).GetProperty("figures"));

        TableObjective objective = TableObjectives.Of(TableObjectives.LossOf(loss).Spec);
        var recipe = new PerceptronRecipe(64, 2, 0, objective);
        OnnxModel? begun = null;
        PretrainTask task = TableTasks.Create(
            NumberTable.Read(train, targets, [], [], areTargetsNeeded: true, skipsBad: false),
            TableObjectives.LossOf(loss),
            [],
            new("mlp", (rows, numbers, outputs) => begun = recipe.Build(rows, numbers, outputs, seed)),
            HeldOut,
            seed);
        using TorchNetwork fresh = Perceptron(begun!.Graph, objective);
        fresh.Train(task.Training, task.Validation, epochs, BatchSize, rate, seed);
        NumberTable others = NumberTable.Read(test, targets, task.Table!.Features, [], areTargetsNeeded: true, skipsBad: false);
        Tensor[] labels = [.. TableObjectives.Labels(objective, others, [])];
        double theirs = Mean(fresh, Source([.. Enumerable.Range(0, others.Count)]), objective);

        JsonElement personal = ToolWalk.Tool(commands, "personalize", package, test, "--epochs", $"{HeadEpochs}", "--lr", ToolWalk.Number(HeadRate), "--seed", $"{seed}");
        using TorchNetwork own = Perceptron(OnnxFile.Read(model).Graph, objective);
        var split = HoldOutSplit.Of(others.Count, OwnHeldOut, seed);
        TableSource held = Source([.. split.HoldOut]);
        double before = Mean(own, held, objective);
        own.Train(Source([.. split.Train]), null, HeadEpochs, HeadBatch, HeadRate, seed, n => n.StartsWith("head.", StringComparison.Ordinal));
        return [tool, theirs, Mean(personal.GetProperty("before")), before, Mean(personal.GetProperty("after")), Mean(own, held, objective)];

        TableSource Source(int[] rows) => new([.. rows.Select(r => others.Inputs[r])], [.. rows.Select(r => labels[r])]);
    }

    private static double Mean(JsonElement figures) => figures.GetProperty("targets").EnumerateArray().Average(t =>
        t.GetProperty("explained_variance") is { ValueKind: JsonValueKind.Number } variance ? variance.GetDouble() : t.GetProperty("f1").GetDouble());

    private static double Mean(TorchNetwork network, TableSource rows, TableObjective objective)
    {
        float[][] said = network.Measure(rows).Scores, told = [.. Enumerable.Range(0, rows.Count).Select(r => rows.Read(r, 1).Labels.Span<float>().ToArray())];
        return Enumerable.Range(0, told[0].Length).Average(t =>
        {
            if (objective == TableObjective.Tags)
            {
                int found = Enumerable.Range(0, told.Length).Count(r => said[r][t] > 0 && told[r][t] > 0.5f), wrong = Enumerable.Range(0, told.Length).Count(r => (said[r][t] > 0) != (told[r][t] > 0.5f));
                return 2.0 * found / ((2.0 * found) + wrong);
            }

            double mean = told.Average(r => (double)r[t]);
            return 1 - (Enumerable.Range(0, told.Length).Sum(r => Math.Pow(said[r][t] - told[r][t], 2)) / told.Sum(r => Math.Pow(r[t] - mean, 2)));
        });
    }

    private static double Accuracy(TorchNetwork network, ISampleSource rows)
    {
        float[][] scores = network.Measure(rows).Scores;
        return Enumerable.Range(0, rows.Count).Average(r => Array.IndexOf(scores[r], scores[r].Max()) == rows.Read(r, 1).Labels.Span<long>()[0] ? 1.0 : 0);
    }

    private static TorchNetwork Perceptron(OnnxGraph graph, TableObjective objective) => new(
        graph,
        n => n.StartsWith("layer_", StringComparison.Ordinal) || n.StartsWith("head.", StringComparison.Ordinal),
        (net, x) =>
        {
            x = (x - Scale(net, "feature_mean")) / Scale(net, "feature_deviation");
            for (int layer = 1; graph.Find($"layer_{layer}.weight") is not null; layer++)
                x = (x.matmul(net[$"layer_{layer}.weight"]) + net[$"layer_{layer}.bias"]).relu();
            x = x.matmul(net["head.weight"]) + net["head.bias"];
            return objective == TableObjective.Numbers ? (x * Scale(net, "target_deviation")) + Scale(net, "target_mean") : x;
        },
        (scores, labels) => objective == TableObjective.Numbers ? Functional.mse_loss(scores, labels) : Functional.binary_cross_entropy_with_logits(scores, labels));

    // A fresh network joins scales from lone numbers; one that was trained holds them together.
    private static torch.Tensor Scale(TorchNetwork net, string name) =>
        net.Find(name) ?? torch.cat([.. Enumerable.Range(1, int.MaxValue).Select(i => net.Find($"{name}_{i}")).TakeWhile(t => t is not null).Select(t => t!)]);

    private static TorchNetwork MobileNet(OnnxGraph graph) => new(
        graph,
        n => n.EndsWith(".weight", StringComparison.Ordinal) || n.EndsWith(".bias", StringComparison.Ordinal) || n.EndsWith(".scale", StringComparison.Ordinal),
        (net, x) =>
        {
            x = Convolution(net, x, "conv1", 2, 1);
            for (int i = 0; i < Strides.Length; i++)
            {
                x = Convolution(net, x, $"conv_dw_{i + 1}", Strides[i], x.shape[1]);
                x = Convolution(net, x, $"conv_pw_{i + 1}", 1, 1);
            }

            return Functional.linear(x.mean([2, 3]), net["classifier.weight"], net["classifier.bias"]);
        },
        (scores, labels) => Functional.cross_entropy(scores, labels));

    private static torch.Tensor Convolution(TorchNetwork net, torch.Tensor x, string name, long stride, long groups)
    {
        torch.Tensor weight = net[$"{name}.weight"];
        long pad = weight.shape[2] / 2;
        x = Functional.conv2d(x, weight, null, [stride, stride], [pad, pad], [1, 1], groups);
        x = Functional.batch_norm(x, net[$"{name}_bn.mean"], net[$"{name}_bn.var"], net[$"{name}_bn.scale"], net[$"{name}_bn.bias"], net.IsTraining, 0.1, 1e-3);
        return x.clamp(0, 6);
    }

    private static ImageSet Open(string path) => Directory.Exists(path)
        ? ImageFolder.OpenLabelled(path, [])
        : IdxImages.Open(path, path.Replace("images-idx3", "labels-idx1", StringComparison.Ordinal), null, new IdxReading());

    // The last fifth of the writers' digits is for testing: the files stand in the order of their writers.
    private static string Split(string folder, ref string images)
    {
        string test = Path.Combine(folder, "test-images-idx3-ubyte"), train = Path.Combine(folder, "train-images-idx3-ubyte");
        foreach (string part in (string[])["images-idx3", "labels-idx1"])
        {
            using var packed = new GZipStream(File.OpenRead(images.Replace("images-idx3", part, StringComparison.Ordinal)), CompressionMode.Decompress);
            using var memory = new MemoryStream();
            packed.CopyTo(memory);
            byte[] bytes = memory.ToArray();
            int header = 4 + (4 * bytes[3]), rows = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4)), size = (bytes.Length - header) / rows, first = rows * 4 / 5;
            Write(train, 0, first);
            Write(test, first, rows);

            void Write(string name, int from, int to)
            {
                byte[] head = bytes[..header];
                System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), to - from);
                File.WriteAllBytes(name.Replace("images-idx3", part, StringComparison.Ordinal), [.. head, .. bytes.AsSpan(header + (from * size), (to - from) * size)]);
            }
        }

        images = train;
        return test;
    }

    // Every third row is another's own, to learn from later.
    private static (string Train, string Test) Halves(string folder, string table)
    {
        string[] lines = File.ReadAllLines(table);
        string train = Path.Combine(folder, "train.csv"), test = Path.Combine(folder, "test.csv");
        File.WriteAllLines(train, lines.Where((_, i) => i == 0 || i % 3 != 0));
        File.WriteAllLines(test, lines.Where((_, i) => i == 0 || i % 3 == 0));
        return (train, test);
    }

    private static string Render(string rows, List<string> commands, TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture, $"""
        # Photos, digits, numbers and tags, from raw files to a personal model

        {MachineHeader.Text}; {elapsed.TotalSeconds:0} s

        Made by `eng/table-data.sh FOLDER` and `dotnet run -c Release --project bench/AutLearn.Benchmarks -- data-walk FOLDER --out bench/results/data-walk.md`. AutLearn's side is the tool alone, from the raw files on; libtorch trains the same network from the same first weights on the same rows and split, with its own order of batches, and keeps the epoch of the lowest validation loss, too. "Others" are rows that pretraining did not see; "own" are those of them that are held out when the head learns from the other 70 %, in libtorch from the tool's pretrained weights, Adam on both sides. Accuracy in % where nothing else is said; mean and standard deviation over seeds {string.Join(", ", Seeds)}, which decide weights and splits.

        | data and network | rows | the tool | libtorch |
        | --- | --- | ---: | ---: |
        {rows.TrimEnd()}

        The commands of seed 1 (`train.csv` and `test.csv`: every third row of `enb.csv` is for testing; the last fifth of the digits is):

        ```
        {string.Join("\n", commands.Select(c => $"autlearn {c}"))}
        ```

        """);

    /// <summary>Rows that were read once: libtorch's loop reads them anew in every epoch.</summary>
    private sealed class MemorySource(ISampleSource source) : ISampleSource
    {
        private readonly TrainingSample?[] _rows = new TrainingSample?[source.Count];

        public int Count => source.Count;

        public TrainingSample Read(int index, int epoch) => _rows[index] ??= source.Read(index, epoch);
    }
}
