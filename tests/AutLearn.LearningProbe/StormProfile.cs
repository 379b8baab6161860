using AutLearn.Cache.Disk;
using AutLearn.Runtime;
using AutLearn.Runtime.Forgetting;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Stores;
using AutLearn.Runtime.Stores.Samples;

namespace AutLearn.LearningProbe;

/// <summary>A person's whole profile, opened as an app opens it: sealed samples, features and generations, both learners, and forgetting.</summary>
internal sealed class StormProfile : IAsyncDisposable
{
    public const int Inputs = 16;
    public const int Classes = 4;
    private readonly List<IDisposable> _parts = [];

    private StormProfile(string root)
    {
        string folder = Path.Combine(root, "profile");
        try
        {
            Key = Own(ProfileKey.Open(Path.Combine(folder, "personal.key"), new KeyFileProtector(Path.Combine(folder, "profile.key"))));

            // First of all that is locked: of two processes one has everything and the other nothing.
            Samples = Own(SampleStore.Open(Path.Combine(folder, "samples"), Key));
            Model = Own(PersonalModel.Open(Path.Combine(root, "model.autlearn"), new PersonalModelOptions { IntraOpThreads = 1 }));
            FeatureStoreOptions features = OfflineLearner.OptionsFor(Model, Key);
            features.SegmentSizeInBytes = 16 << 10;
            features.QuotaInBytes = 128 << 10;
            Features = Own(FeatureStore.Open(Path.Combine(folder, "features"), features));
            Generations = Own(new GenerationStore(Path.Combine(folder, "generations"), new() { Key = Key }));
            Offline = new(Model, new StoredSampleHistory(Samples), Features, Path.Combine(folder, "training"), Training(Key), generations: Generations);
            Online = new(Model, new() { BatchSize = 8 });
            Eraser = Own(new PersonalDataEraser(Samples, Features, Offline, Path.Combine(folder, "forgetting"), Online));
        }
        catch
        {
            DisposeParts();
            throw;
        }
    }

    public ProfileKey Key { get; }

    public SampleStore Samples { get; }

    public PersonalModel Model { get; }

    public FeatureStore Features { get; }

    public GenerationStore Generations { get; }

    public OfflineLearner Offline { get; }

    public OnlineLearner Online { get; }

    public PersonalDataEraser Eraser { get; }

    public static StormProfile Open(string root) => new(root);

    /// <summary>The content of a sample, which is the network's input.</summary>
    public static float[] Input(int number)
    {
        var random = new Random(number);
        return [.. Enumerable.Range(0, Inputs).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    public async ValueTask DisposeAsync()
    {
        await Online.DisposeAsync();
        DisposeParts();
    }

    // Every training counts, better or not: the storm is about durability.
    private static OfflineLearnerOptions Training(ProfileKey key) => new()
    {
        Epochs = 2,
        BatchSize = 16,
        LearningRate = 0.003,
        CheckpointSteps = 2,
        HoldOutFraction = 0,
        MinimumSamples = 16,
        Variants = 0,
        Key = key,
    };

    private void DisposeParts()
    {
        for (int i = _parts.Count - 1; i >= 0; i--)
            _parts[i].Dispose();
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _parts.Add(part);
        return part;
    }
}
