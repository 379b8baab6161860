using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;
using AutLearn.Runtime;
using AutLearn.Runtime.Online;
using AutLearn.Samples.Keyboard;
using AutLearn.Testing;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Trains the keyboard's next-word network on Shakespeare's roles but those kept for testing, then lets each of these type to it.</summary>
internal static class PretrainKeyboard
{
    private const int Seed = 1;
    private const int BatchSize = 128;
    private const int VocabularySize = 5000;
    private const int TestRoles = 20;
    private const int TestWords = 1500;
    private const double PeakLearningRate = 0.003;
    private const double OnlineLearningRate = 0.003;

    public static async Task<int> RunAsync(string[] args)
    {
        int epochs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        string output = args.Length > 1 ? args[1] : Path.Combine("samples", "Keyboard", "keyboard.autlearn");
        Dictionary<string, List<string>> roles = ReadRoles();
        string[] test = [.. roles.Where(r => r.Value.Count(IsWord) >= 2000).Select(r => r.Key).Order(StringComparer.Ordinal).Where((_, i) => i % 6 == 3).Take(TestRoles)];
        List<string>[] train = [.. roles.Where(r => !test.Contains(r.Key)).OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => r.Value)];
        var vocabulary = new Vocabulary([
            .. Vocabulary.ReservedNames,
            .. train.SelectMany(w => w).Where(IsWord).GroupBy(w => w).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Take(VocabularySize - Vocabulary.Reserved).Select(g => g.Key)]);
        (long[] contexts, int[] targets) = Examples(vocabulary, train);
        Console.WriteLine($"{targets.Length} examples of {train.Length} roles; test roles {string.Join(", ", test)}.");

        string folder = Directory.CreateTempSubdirectory("autlearn-pretrain-").FullName;
        try
        {
            string package = Path.Combine(folder, "pretrain.autlearn");
            ModelCompiler.Compile(KeyboardNetwork.Create(VocabularySize, Seed), new CompileOptions
            {
                ModelName = "keyboard",
                Trainable = TrainableSelection.All,
                Optimizer = new AdamOptimizer(),
                Defaults = new TrainingDefaults(PeakLearningRate, BatchSize, epochs),
            }).SavePackage(package);
            string trained = Path.Combine(folder, "trained.onnx");
            using (PersonalModel model = PersonalModel.Open(package))
            {
                Train(model, contexts, targets, epochs);
                model.Export(trained);
            }

            ModelCompiler.Compile(OnnxFile.Read(trained), new CompileOptions
            {
                ModelName = "keyboard",
                Trainable = TrainableSelection.LastLayers(1),
                Optimizer = new AdamOptimizer(),
                Classes = [.. vocabulary.Words],
                Defaults = new TrainingDefaults(OnlineLearningRate, 16, 1),
            }).SavePackage(output);
            Console.WriteLine($"{output}: {new FileInfo(output).Length} bytes.");
            List<string> reviews = ReadReviews();
            foreach (double rate in (double[])[OnlineLearningRate / 3, OnlineLearningRate, OnlineLearningRate * 3])
            {
                await TypeAsync("test roles", output, vocabulary, [.. test.Select(t => roles[t])], rate);
                await TypeAsync("reviews of today", output, vocabulary, [reviews], rate);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static bool IsWord(string token) => token != WordText.SentenceEnd;

    private static Dictionary<string, List<string>> ReadRoles()
    {
        string path = TestData.Find("shakespeare/shakespeare_roles.tsv.gz")
            ?? throw new AutLearnException($"There is no Shakespeare in '{TestData.Folder}'. Set {TestData.Variable} to the folder that holds it.");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        reader.ReadLine();
        var roles = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var speeches = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } row)
        {
            string[] cells = row.Split('\t');
            if (!roles.TryGetValue(cells[0], out List<string>? words))
                roles.Add(cells[0], words = []);
            string speech = $"{cells[1]} {cells[2]} {cells[3]}";
            if (speeches.TryGetValue(cells[0], out string? before) && before != speech)
                words.Add(WordText.SentenceEnd);
            speeches[cells[0]] = speech;
            words.AddRange(WordText.Split(cells[4]));
        }

        return roles;
    }

    // Somebody whose language is not at all that of the plays: customers' reviews of electronics.
    private static List<string> ReadReviews()
    {
        string path = TestData.Find("eda/cr.tsv.gz") ?? TestData.Find("eda/cr.tsv")
            ?? throw new AutLearnException($"There are no reviews in '{TestData.Folder}'.");
        using Stream file = File.OpenRead(path);
        using var reader = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        reader.ReadLine();
        var words = new List<string>();
        while (reader.ReadLine() is { } row)
            words.AddRange(WordText.Split(row.Split('\t')[1]).Append(WordText.SentenceEnd));
        return words;
    }

    private static (long[] Contexts, int[] Targets) Examples(Vocabulary vocabulary, IEnumerable<List<string>> roles)
    {
        var contexts = new List<long>();
        var targets = new List<int>();
        foreach (List<string> words in roles)
        {
            long[] context = Vocabulary.StartOfSentence();
            foreach (string word in words)
            {
                // A word outside the vocabulary can be part of a context, but there is nothing to suggest for it.
                if (IsWord(word) && vocabulary.IndexOf(word) is var target and not Vocabulary.Unknown)
                {
                    contexts.AddRange(context);
                    targets.Add(target);
                }

                vocabulary.Advance(context, word);
            }
        }

        return ([.. contexts], [.. targets]);
    }

    private static void Train(PersonalModel model, long[] contexts, int[] targets, int epochs)
    {
        var input = new TensorBuffer(ElementType.Int64, BatchSize, Vocabulary.ContextLength);
        var labels = new TensorBuffer(ElementType.Int64, BatchSize);
        int[] order = [.. Enumerable.Range(0, targets.Length)];
        var random = new Random(Seed);
        int batches = targets.Length / BatchSize;
        long steps = (long)epochs * batches;
        long done = 0;
        var watch = Stopwatch.StartNew();
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            random.Shuffle(order);
            double loss = 0;
            for (int b = 0; b < batches; b++, done++)
            {
                for (int i = 0; i < BatchSize; i++)
                {
                    int row = order[(b * BatchSize) + i];
                    contexts.AsSpan(row * Vocabulary.ContextLength, Vocabulary.ContextLength).CopyTo(input.Span<long>()[(i * Vocabulary.ContextLength)..]);
                    labels.Span<long>()[i] = targets[row];
                }

                // Half a cosine down to zero (Loshchilov and Hutter, arXiv:1608.03983).
                double rate = Math.Max(1e-6, PeakLearningRate * 0.5 * (1 + Math.Cos(Math.PI * done / steps)));
                loss += model.TrainStep([input], labels, rate).Loss;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}: loss {loss / batches:0.0000}, {watch.Elapsed.TotalSeconds:0} s"));
        }
    }

    // Each word is guessed before it is learnt; words outside the vocabulary count as missed.
    private static async Task TypeAsync(string name, string package, Vocabulary vocabulary, IReadOnlyList<List<string>> roles, double rate)
    {
        var shipped = new HitRate();
        var personal = new HitRate();
        var late = (Shipped: new HitRate(), Personal: new HitRate());
        using PersonalModel before = PersonalModel.Open(package);
        using PersonalModel model = PersonalModel.Open(package);
        using PredictionBatch old = before.CreateBatch(1);
        using PredictionBatch guess = model.CreateBatch(1);
        foreach (List<string> words in roles)
        {
            model.Reset();
            await using var learner = new OnlineLearner(model, new OnlineLearnerOptions { LearningRate = rate });
            long[] context = Vocabulary.StartOfSentence();
            int typed = 0;
            foreach (string word in words)
            {
                if (IsWord(word))
                {
                    int target = vocabulary.IndexOf(word);
                    context.CopyTo(old.Inputs[0].Span<long>());
                    context.CopyTo(guess.Inputs[0].Span<long>());
                    before.Predict(old);
                    model.Predict(guess);
                    int oldRank = Rank(old.Logits.Span<float>(), target);
                    int rank = Rank(guess.Logits.Span<float>(), target);
                    shipped.Add(oldRank);
                    personal.Add(rank);
                    if (typed >= TestWords / 2)
                    {
                        late.Shipped.Add(oldRank);
                        late.Personal.Add(rank);
                    }

                    // Waiting for each full batch makes the figures repeatable.
                    if (target != Vocabulary.Unknown && learner.Feedback(learner.Remember(guess), target) == Cache.FeedbackResult.Accepted && learner.Statistics.Cache.LabelledRows >= 16)
                        await learner.FlushAsync();
                    if (++typed == TestWords)
                        break;
                }

                vocabulary.Advance(context, word);
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}, rate {rate:0.0000}: shipped {shipped}, personal {personal}; second half: shipped {late.Shipped}, personal {late.Personal}"));
    }

    private static int Rank(ReadOnlySpan<float> scores, int target)
    {
        if (target == Vocabulary.Unknown)
            return int.MaxValue;
        int rank = 0;
        for (int i = Vocabulary.Reserved; i < scores.Length; i++)
        {
            if (scores[i] > scores[target] || (scores[i] == scores[target] && i < target))
                rank++;
        }

        return rank;
    }

    private sealed class HitRate
    {
        private int _words;
        private int _top1;
        private int _top3;

        public void Add(int rank)
        {
            _words++;
            _top1 += rank < 1 ? 1 : 0;
            _top3 += rank < 3 ? 1 : 0;
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"top-1 {100.0 * _top1 / _words:0.0} % top-3 {100.0 * _top3 / _words:0.0} % of {_words}");
    }
}
