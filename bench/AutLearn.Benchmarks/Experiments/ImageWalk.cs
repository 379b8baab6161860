using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using AutLearn.Augment.Images;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Pretraining.Recipes;
using AutLearn.Cloud.Terminal;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Testing;
using AutLearn.Testing.Torch;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Walks photos and digits from raw files to a personal model by the tool alone, beside the same networks in libtorch. <c>image-walk [FOLDER]</c>.</summary>
internal static class ImageWalk
{
    private const int BatchSize = 32;
    private const int Side = 32;
    private const int CifarEpochs = 30;
    private const int DigitEpochs = 5;
    private const double Rate = 0.002;
    private const int HeadEpochs = 10;
    private const double HeadRate = 0.001;
    private const int Seed = 1;
    private const int TrainDigits = 8000;

    public static int Run(string[] args)
    {
        string output = args.Length > 0 ? args[0] : Path.Combine("bench", "results");
        TorchReference.Load();
        var watch = Stopwatch.StartNew();
        using var folder = new BenchmarkFolder();
        var commands = new List<string>();
        string photos = Path.Combine(folder.Path, "cifar");
        ZipFile.ExtractToDirectory(Data("gallery/cifar10_subset.zip"), photos);
        if (!Directory.Exists(Path.Combine(photos, "train")))
            photos = Directory.GetDirectories(photos).Single();
        (string digits, string others) = WriteDigits(folder.Path);
        string cifar = Pretrained(folder.Path, Path.Combine(photos, "train"), photos, ImageFolder.OpenLabelled(Path.Combine(photos, "train"), []), ImageFolder.OpenLabelled(Path.Combine(photos, "test"), []), 3, CifarEpochs, commands);
        string nist = Pretrained(folder.Path, digits, others, Idx(digits), Idx(others), 1, DigitEpochs, commands);
        string head = Head(folder.Path, photos, commands);
        File.WriteAllText(Path.Combine(output, "image-walk.md"), string.Create(CultureInfo.InvariantCulture, $"""
            # Images, from raw files to a personal model

            {MachineHeader.Text}; {watch.Elapsed.TotalSeconds:0} s

            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- image-walk`. AutLearn's side is the tool alone, from the raw files on; libtorch trains the same network
            from the same first weights on the same tensors and split, with its own order of batches (Adam, batches of {BatchSize}). One run each, seed {Seed}.
            CIFAR-10 is the subset of 2,000 and 500 photos in class folders; the digits are the first {TrainDigits} of 10,000 by NIST's writers, measured on the rest, by other writers; the head is a new one
            on ImageNet's MobileNet, trained on CIFAR's `train` and measured on its `test`.

            | test accuracy in % | the tool | libtorch |
            | --- | ---: | ---: |
            | CIFAR-10, MobileNet of width 0.5 from scratch, {CifarEpochs} epochs | {cifar} |
            | digits, MobileNet of width 0.25 from scratch, {DigitEpochs} epochs | {nist} |
            | CIFAR-10, a new head on ImageNet's MobileNet, {HeadEpochs} epochs | {head} |

            The commands:

            ```
            {string.Join("\n", commands.Select(c => $"autlearn {c}"))}
            ```

            """));
        Console.WriteLine($"{cifar}; {nist}; {head}");
        return 0;
    }

    private static string Pretrained(string folder, string train, string test, ImageSet learned, ImageSet measured, int channels, int epochs, List<string> commands)
    {
        double width = channels == 3 ? 0.5 : 0.25;
        string model = Path.Combine(folder, "model.onnx"), package = Path.Combine(folder, "model.autlearn");
        ImagePreprocessing preprocessing = ImagePreprocessingPreset.Of("unit").Create(Side, Side, channels);
        (float[][] images, long[] labels) = Tensors(learned, preprocessing);
        (float[][] tests, long[] answers) = Tensors(measured, preprocessing);
        long[] shape = preprocessing.Dimensions(1)[1..];
        Tool(commands, "pretrain", train, "--recipe", "mobilenet", "--width", Number(width), "--resolution", $"{Side}", "--preprocessing", "unit", "--epochs", $"{epochs}", "--lr", Number(Rate), "--validation", "0", "--seed", $"{Seed}", "--out", model);
        Tool(commands, "compile", model, "--out", package);
        double tool = Tool(commands, "evaluate", package, test).GetProperty("accuracy").GetDouble();
        Console.WriteLine(FormattableString.Invariant($"{Path.GetFileName(train)}: {tool}"));
        using var twin = new TorchMobileNet(new MobileNetRecipe(width, Side, channels, 10).Build(Seed).Graph);
        twin.Train(images, shape, labels, epochs, BatchSize, Rate, Seed);
        return Pair(tool, twin.Accuracy(tests, shape, answers));
    }

    private static string Head(string folder, string photos, List<string> commands)
    {
        string package = Path.Combine(folder, "photos.autlearn");
        Tool(commands, "compile", Data("mobilenet/mobilenet_v1_0.75_224.onnx"), "--new-head", "10", "--classes", Path.Combine(photos, "train"), "--out", package);
        double tool = Tool(commands, "personalize", package, photos, "--epochs", $"{HeadEpochs}", "--batch-size", $"{BatchSize}", "--lr", Number(HeadRate)).GetProperty("after").GetProperty("accuracy").GetDouble();
        using PersonalModel model = PersonalModel.Open(package);
        ImageSet set = ImageFolder.OpenLabelled(photos, model.Manifest.Classes);
        float[][] features = Features(model, set);
        int[] train = Rows(set, DataPart.Training), test = Rows(set, DataPart.Test);
        using TorchSharp.Modules.Linear head = Linear(features[0].Length, model.Manifest.Classes.Length);
        using torch.optim.Optimizer optimizer = torch.optim.Adam(head.parameters(), HeadRate);
        var random = new Random(Seed);
        for (int epoch = 0; epoch < HeadEpochs; epoch++)
        {
            random.Shuffle(train);
            foreach (int[] batch in train.Chunk(BatchSize))
            {
                using DisposeScope scope = torch.NewDisposeScope();
                optimizer.zero_grad();
                functional.cross_entropy(head.forward(torch.tensor([.. batch.SelectMany(r => features[r])], [batch.Length, features[0].Length])), torch.tensor([.. batch.Select(r => (long)set.Labels[r])])).backward();
                optimizer.step();
            }
        }

        using DisposeScope last = torch.NewDisposeScope();
        long[] guesses = head.forward(torch.tensor([.. test.SelectMany(r => features[r])], [test.Length, features[0].Length])).argmax(1).data<long>().ToArray();
        double other = (double)test.Where((r, i) => guesses[i] == set.Labels[r]).Count() / test.Length;
        return Pair(tool, other);
    }

    private static int[] Rows(ImageSet set, DataPart part) => [.. Enumerable.Range(0, set.Count).Where(i => set.Parts[i] == part)];

    private static float[][] Features(PersonalModel model, ImageSet set)
    {
        ImagePreprocessing preprocessing = model.Manifest.Preprocessing!;
        var tensorizer = new ImageTensorizer(preprocessing);
        float[] input = new float[tensorizer.ValuesPerImage];
        float[][] features = new float[set.Count][];
        using PredictionBatch batch = model.CreateBatch(1);
        for (int i = 0; i < set.Count; i++)
        {
            tensorizer.Fill(set.Load(i, tensorizer.SufficientSide), input);
            model.Predict(input, batch);
            features[i] = batch.Boundary[0].Span<float>().ToArray();
        }

        return features;
    }

    private static (float[][] Images, long[] Labels) Tensors(ImageSet set, ImagePreprocessing preprocessing)
    {
        var tensorizer = new ImageTensorizer(preprocessing);
        float[][] images = new float[set.Count][];
        for (int i = 0; i < images.Length; i++)
            tensorizer.Fill(set.Load(i, tensorizer.SufficientSide), images[i] = new float[tensorizer.ValuesPerImage]);
        return (images, [.. set.Labels.Select(l => (long)l)]);
    }

    // Two pairs of IDX files, as a person has them: the writers stand one after the other.
    private static (string Train, string Test) WriteDigits(string folder)
    {
        IdxFile images = IdxFile.Read(Data("handwriting/nist10k-images-idx3-ubyte.gz")), labels = IdxFile.Read(Data("handwriting/nist10k-labels-idx1-ubyte.gz"));
        int count = images.Dimensions[0], size = images.Dimensions[1] * images.Dimensions[2];
        return (Write("train", 0, TrainDigits), Write("test", TrainDigits, count));

        string Write(string name, int from, int to)
        {
            string path = Path.Combine(folder, $"{name}-images.idx3-ubyte");
            File.WriteAllBytes(path, [0, 0, 8, 3, .. BigEndian(to - from), .. BigEndian(images.Dimensions[1]), .. BigEndian(images.Dimensions[2]), .. images.Data.Span[(from * size)..(to * size)]]);
            File.WriteAllBytes(Path.Combine(folder, $"{name}-labels.idx1-ubyte"), [0, 0, 8, 1, .. BigEndian(to - from), .. labels.Data.Span[from..to]]);
            return path;
        }
    }

    private static byte[] BigEndian(int value)
    {
        byte[] bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static ImageSet Idx(string images) => IdxImages.Open(images, IdxNames.Labels(images), null, new());

    private static JsonElement Tool(List<string> commands, params string[] args)
    {
        string line = string.Join(' ', args.Select(a => a.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) ? Path.GetFileName(a) : a));
        if (!commands.Contains(line))
            commands.Add(line);
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = Cloud.Program.RunAsync([.. args, "--json"], new ToolConsole(output, error, isInteractive: false), CancellationToken.None).GetAwaiter().GetResult();
        if (code != 0)
            throw new AutLearnException($"autlearn {line}: {error}");
        using JsonDocument document = JsonDocument.Parse(output.ToString());
        return document.RootElement.Clone();
    }

    private static string Data(string path) => TestData.Find(path) ?? throw new AutLearnException($"'{path}' is not in '{TestData.Folder}'. Set {TestData.Variable} to the folder that holds it.");

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Pair(double tool, double other) => string.Create(CultureInfo.InvariantCulture, $"{100 * tool:0.0} | {100 * other:0.0}");
}
