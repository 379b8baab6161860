using System.Security.Cryptography;
using AutLearn.Cache.Disk;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;
using AutLearn.Runtime.Training;

namespace AutLearn.Testing.Hostile;

/// <summary>Everything that the device reads from its disk. Checksums are made right again after the damage, so that it is met behind them too.</summary>
public static class RuntimeFuzz
{
    private const int Features = 4;
    private const int Classes = 3;
    private const int Rows = 8;

    private static readonly float[] Input = [.. Enumerable.Range(0, Rows * Features).Select(i => (float)Math.Sin(i))];
    private static readonly long[] Labels = [.. Enumerable.Range(0, Rows).Select(i => (long)i % Classes)];

    /// <summary>Lists the parsers.</summary>
    /// <param name="folder">For their files.</param>
    public static IEnumerable<FuzzTarget> Targets(string folder) => [.. Packages(folder), .. States(folder), .. Checkpoints(folder), .. Keys(folder), .. Stores(folder)];

    private static IEnumerable<FuzzTarget> Packages(string folder)
    {
        string package = Path.Combine(folder, "sound.autlearn"), unpacked = Path.Combine(folder, "sound");
        CompiledArtifacts artifacts = Compile();
        artifacts.SavePackage(package);
        artifacts.Save(unpacked);
        string damaged = Path.Combine(folder, "damaged.autlearn");
        yield return new("PersonalModel.Open, package", [File.ReadAllBytes(package)], b => Use(damaged, b), IsRefusal);
        string manifest = Path.Combine(Copy(unpacked, Path.Combine(folder, "damaged-manifest")), ArtifactNames.Manifest);
        yield return new("PersonalModel.Open, manifest", [File.ReadAllBytes(manifest)], b => Use(Path.GetDirectoryName(manifest)!, b, manifest), IsRefusal);
        foreach (string name in (string[])[ArtifactNames.Inference, ArtifactNames.TrainStep, ArtifactNames.TrainStepCached, ArtifactNames.Gradients, ArtifactNames.GradientsCached, ArtifactNames.Evaluation, ArtifactNames.Parameters])
        {
            string target = Path.Combine(folder, "damaged-" + name);
            byte[] sound = File.ReadAllBytes(Path.Combine(unpacked, name));
            bool isWhole = name is ArtifactNames.TrainStep or ArtifactNames.TrainStepCached;
            yield return new($"PersonalModel.Open, {name}", [sound], b => Use(Rebuild(unpacked, target, name, b), null, runsWholeSteps: isWhole), IsRefusal);
        }

        string words = Path.Combine(folder, "words");
        CompileWords().Save(words);
        string wordsManifest = Path.Combine(Copy(words, Path.Combine(folder, "damaged-words")), ArtifactNames.Manifest);
        yield return new("PersonalModel.Open, manifest with rows", [File.ReadAllBytes(wordsManifest)], b => UseWords(Path.GetDirectoryName(wordsManifest)!, b, wordsManifest), IsRefusal);
        byte[] gradients = File.ReadAllBytes(Path.Combine(words, ArtifactNames.Gradients));
        yield return new("PersonalModel.Open, gradients of rows", [gradients], b => UseWords(Rebuild(words, Path.Combine(folder, "damaged-words-gradients"), ArtifactNames.Gradients, b), null), IsRefusal);
    }

    private static IEnumerable<FuzzTarget> States(string folder)
    {
        PersonalModel model = Learned(folder, "states");
        string path = Path.Combine(folder, "state"), generations = Path.Combine(folder, "generations");
        model.SaveState(path);
        byte[] plain = File.ReadAllBytes(path);
        var key = ProfileKey.Open(Path.Combine(folder, "state.key"), new KeyFileProtector(Path.Combine(folder, "state.profile")));
        model.SaveState(path, key);
        yield return new("PersonalModel.LoadState", [plain], b => Written(path, b, () => model.LoadState(path)), e => e is InvalidArtifactException);
        yield return new("PersonalModel.LoadState, sealed", [File.ReadAllBytes(path)], b => Written(path, b, () => model.LoadState(path, key)), e => e is InvalidArtifactException);
        Directory.CreateDirectory(generations);
        string first = Path.Combine(generations, "000000000001.generation");
        yield return new("GenerationStore.Restore", [GenerationFile.Encode(1, plain)], b => Written(first, b, () => Restore(generations, model)), Never);
        yield return new("GenerationStore.Restore, content", [plain], b => Written(first, GenerationFile.Encode(1, b), () => Restore(generations, model)), Never);
        OnlineLearner learner = Gated(folder, out PersonalModel gated);
        yield return new("GenerationStore.RestoreCandidate", [learner.Capture().ToBytes()], b => Written(first, GenerationFile.Encode(1, b), () => { RestoreCandidate(generations, gated, learner); }), Never);
    }

    private static IEnumerable<FuzzTarget> Checkpoints(string folder)
    {
        PersonalModel model = Learned(folder, "checkpoints");
        string pretraining = Path.Combine(folder, "pretraining");
        Task Train() => new Trainer(model, new() { Epochs = 2, CheckpointFolder = pretraining })
            .TrainAsync(new DataLoader(new RowSource(), new() { BatchSize = 4, Order = Runtime.Training.SampleOrder.Sequential }));
        Train().GetAwaiter().GetResult();
        string checkpoint = Path.Combine(pretraining, "checkpoint");
        byte[] trainer = File.ReadAllBytes(checkpoint);
        yield return new("Trainer, checkpoint", [trainer], b => Written(checkpoint, Hashed(b), () => Train().GetAwaiter().GetResult()), e => e is AutLearnException);
        byte[] state = model.CaptureState();
        var plan = OfflinePlan.Create(model.Manifest, [.. Enumerable.Range(0, 40).Select(i => new HistorySample(i, i % Classes, i))], new(), isAugmented: false);
        byte[] offline = new OfflineCheckpoint { Plan = plan, Position = new(1, 1, 0, double.NaN), State = state, Best = state }.ToBytes();
        yield return new("OfflineLearner, checkpoint", [offline], b => Go(model, plan, OfflineCheckpoint.Parse(Hashed(b), "fuzzed")), e => e is InvalidArtifactException);
        string notes = Path.Combine(folder, "notes");
        var note = new ForgetNote(DeviceFileSystem.Instance, notes, 16);
        note.Write([1, 2, 3]);
        string pending = Path.Combine(notes, "forget.pending");
        yield return new("PersonalDataEraser, note", [File.ReadAllBytes(pending)], b => Written(pending, b, () => note.Read()), Never);
    }

    private static IEnumerable<FuzzTarget> Keys(string folder)
    {
        string path = Path.Combine(folder, "fuzzed.key"), profile = Path.Combine(folder, "fuzzed.profile");
        var protector = new KeyFileProtector(profile);
        using (var key = ProfileKey.Open(path, protector))
            Array.Clear(key.DeriveKey("fuzz"));
        byte[] wrapped = File.ReadAllBytes(path), wrapping = File.ReadAllBytes(profile);
        yield return new("ProfileKey.Open", [wrapped], b => Written(path, b, () => ProfileKey.Open(path, protector)), e => e is ProfileKeyException);
        yield return new("ProfileKey.Open, wrapped key", [wrapped], b => Written(path, Hashed(b), () => ProfileKey.Open(path, protector)), e => e is ProfileKeyException);
        yield return new("KeyFileProtector", [wrapping], b => Written(profile, b, () => Written(path, wrapped, () => ProfileKey.Open(path, protector))), e => e is ProfileKeyException);
    }

    private static IEnumerable<FuzzTarget> Stores(string folder)
    {
        string features = Path.Combine(folder, "features");
        FeatureStoreOptions options = new() { RowSizeInBytes = 16, SegmentSizeInBytes = 1 << 12, BackboneKey = "fuzz" };
        using (FeatureStore store = FeatureStore.Open(features, options))
        {
            for (int i = 0; i < 20; i++)
                store.TryAdd(new(i, 0), new byte[16], i);
        }

        string segment = Directory.GetFiles(features).Order(StringComparer.Ordinal).First(f => new FileInfo(f).Length > 0);
        yield return new("FeatureStore.Open", [File.ReadAllBytes(segment)], b => Written(segment, b, () => Read(features, options)), Never);
        string samples = Path.Combine(folder, "samples");
        var protector = new KeyFileProtector(Path.Combine(folder, "samples.profile"));
        using (SampleStore store = SampleStore.Open(samples, protector))
        {
            for (int i = 0; i < 5; i++)
                store.Add(new NewSample { Payload = new byte[16], Label = i, Consent = SampleConsent.Given });
        }

        Dictionary<string, byte[]> sound = Directory.GetFiles(samples).ToDictionary(f => Path.GetFileName(f), File.ReadAllBytes);
        foreach ((string name, byte[] content) in sound.Where(f => f.Value.Length > 0))
            yield return new($"SampleStore.Open, {name}", [content], b => Open(samples, sound, name, b, protector), e => e is SampleStoreException or KeyProtectorException) { FreeBytes = 8 << 20 };
    }

    private static CompiledArtifacts Compile()
    {
        var graph = new OnnxGraph("linear");
        Value x = graph.AddInput("x", new TensorType(ElementType.Float32, new Shape("N", Features)));
        Value w1 = graph.AddInitializer("w1", Tensor.Of<float>([Features, Features], [.. Enumerable.Range(0, Features * Features).Select(i => (float)Math.Cos(i))]));
        Value w2 = graph.AddInitializer("w2", Tensor.Of<float>([Features, Classes], new float[Features * Classes]));
        Value hidden = graph.AddNode("Tanh", [graph.AddNode("MatMul", [x, w1], ["product"]).Outputs[0]!], ["hidden"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("MatMul", [hidden, w2], ["logits"]).Outputs[0]!);
        return ModelCompiler.Compile(new OnnxModel(graph, 18), new() { Trainable = TrainableSelection.Patterns("w2"), Optimizer = new AdamOptimizer() });
    }

    private static CompiledArtifacts CompileWords()
    {
        var graph = new OnnxGraph("words");
        Value words = graph.AddInput("words", new TensorType(ElementType.Int64, new Shape("N", 2)));
        Value table = graph.AddInitializer("table", Tensor.Of<float>([9, Classes], [.. Enumerable.Range(0, 9 * Classes).Select(i => (float)Math.Cos(i))]));
        Value rows = graph.AddNode("Gather", [table, words], ["rows"]).Outputs[0]!;
        graph.AddOutput(graph.AddNode("ReduceSum", [rows, graph.AddInitializer("axes", Tensor.Of<long>([1], [1L]))], ["logits"], [KeyValuePair.Create("keepdims", AttributeValue.Of(0L))]).Outputs[0]!);
        return ModelCompiler.Compile(new OnnxModel(graph, 18), new() { Trainable = TrainableSelection.All, Optimizer = new AdamOptimizer(), LazyRows = true, ClipNorm = 1 });
    }

    private static object? UseWords(string path, byte[]? bytes, string? file = null)
    {
        if (bytes is not null)
            File.WriteAllBytes(file ?? path, bytes);
        using var model = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        TensorBuffer words = new(ElementType.Int64, Rows, 2), labels = new(ElementType.Int64, Rows);
        words.CopyFrom<long>([.. Enumerable.Range(0, 2 * Rows).Select(i => (long)(i % 12) - 3)]);
        labels.CopyFrom<long>(Labels);
        for (int step = 0; step < 3; step++)
            model.TrainStep([words], labels, 0.1);
        return null;
    }

    private static PersonalModel Learned(string folder, string name)
    {
        string path = Path.Combine(folder, name + ".autlearn");
        Compile().SavePackage(path);
        var model = PersonalModel.Open(path, new() { IntraOpThreads = 1 });
        model.TrainStepOnInputs(Input, Labels, 0.01);
        return model;
    }

    // What is accepted is used: a model that cannot run says so, too.
    private static EvaluationResult Use(string path, byte[]? bytes, string? file = null, bool runsWholeSteps = false)
    {
        if (bytes is not null)
            File.WriteAllBytes(file ?? path, bytes);
        using var model = PersonalModel.Open(path, new() { IntraOpThreads = 1, RunsWholeSteps = runsWholeSteps });
        using PredictionBatch predicted = model.Predict(Input, Rows);
        model.TrainStep(predicted, Labels, 0.01);
        var labels = new TensorBuffer(ElementType.Int64, Rows);
        labels.CopyFrom<long>(Labels);
        model.TrainStep([.. predicted.Boundary], labels, 0.01);
        return model.Evaluate(model.ExtractFeatures(Input, Labels));
    }

    private static bool IsRefusal(Exception error) => error is AutLearnException or ArgumentException or NotSupportedException;

    private static bool Never(Exception error) => false;

    private static string Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        return to;
    }

    private static string Rebuild(string sound, string target, string name, byte[] bytes)
    {
        using ArtifactPackage package = ArtifactPackage.Open(sound);
        var writer = new ArtifactWriter(package.Manifest);
        foreach (ArtifactFile file in package.Manifest.Files)
            writer.Add(file.Path, file.Path == name ? bytes : package.Read(file.Path));
        writer.Write(target);
        return target;
    }

    private static object? Written(string path, byte[] bytes, Func<object?> read)
    {
        File.WriteAllBytes(path, bytes);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return read();
    }

    private static object? Written(string path, byte[] bytes, Action read) => Written(path, bytes, () =>
    {
        read();
        return null;
    });

    // All of these files end in a SHA-256 over what is before it.
    private static byte[] Hashed(byte[] bytes)
    {
        byte[] copy = [.. bytes];
        if (copy.Length >= SHA256.HashSizeInBytes)
            SHA256.HashData(copy.AsSpan(..^SHA256.HashSizeInBytes), copy.AsSpan(^SHA256.HashSizeInBytes..));
        return copy;
    }

    private static GenerationRestore Restore(string folder, PersonalModel model)
    {
        using var store = new GenerationStore(folder);
        return store.Restore(model);
    }

    private static bool RestoreCandidate(string folder, PersonalModel model, OnlineLearner learner)
    {
        using var store = new GenerationStore(folder);
        store.Restore(model);
        return store.RestoreCandidate(learner);
    }

    private static OnlineLearner Gated(string folder, out PersonalModel model)
    {
        model = Learned(folder, "gated");
        var learner = new OnlineLearner(model, new() { BatchSize = 2, CacheCapacityInBytes = 1 << 16, Gate = new() });
        using PredictionBatch batch = model.Predict(Input, Rows);
        for (int row = 0; row < Rows; row++)
            learner.Feedback(learner.Remember(batch, row), Labels[row]);
        learner.FlushAsync().GetAwaiter().GetResult();
        return learner;
    }

    // As a window takes it up.
    private static object? Go(PersonalModel model, OfflinePlan fresh, OfflineCheckpoint saved)
    {
        if (saved.Plan.CanGoOn(fresh, [.. fresh.Train, .. fresh.HoldOut]))
            model.RestoreState(saved.State, "fuzzed");
        return null;
    }

    private static object? Read(string folder, FeatureStoreOptions options)
    {
        using FeatureStore store = FeatureStore.Open(folder, options);
        byte[] row = new byte[16];
        for (int i = 0; i < 20; i++)
            store.TryRead(new(i, 0), row, out _);
        store.TryAdd(new(99, 0), row, 1);
        store.Flush();
        return null;
    }

    private static object? Open(string folder, Dictionary<string, byte[]> sound, string name, byte[] bytes, KeyFileProtector protector)
    {
        foreach (string file in Directory.GetFiles(folder))
            File.Delete(file);
        foreach ((string file, byte[] content) in sound)
            Written(Path.Combine(folder, file), file == name ? bytes : content, () => { });
        using SampleStore store = SampleStore.Open(folder, protector);
        foreach (StoredSample sample in store.List())
            store.Read(sample.Id);
        store.Add(new NewSample { Payload = new byte[16], Label = 1 });
        return null;
    }

    private sealed class RowSource : ISampleSource
    {
        public int Count => Rows;

        public TrainingSample Read(int index, int epoch) => new([Tensor.Vector<float>(Input.AsSpan(index * Features, Features))], Tensor.Scalar(Labels[index]));
    }
}
