using AutLearn.Graph.Artifacts;
using AutLearn.Runtime.Training;

namespace AutLearn.Runtime.Offline;

/// <summary>What one training trains on and how: settled when it starts, kept over all its windows.</summary>
internal sealed record OfflinePlan
{
    public required string FeatureKey { get; init; }

    public required int Seed { get; init; }

    public required int Epochs { get; init; }

    public required int BatchSize { get; init; }

    public required double LearningRate { get; init; }

    public required int Variants { get; init; }

    public required int Patience { get; init; }

    public required HistorySample[] Train { get; init; }

    public required HistorySample[] HoldOut { get; init; }

    /// <summary>Gets the rows of an epoch: every training sample and its variants.</summary>
    public int Rows => checked(Train.Length * (1 + Variants));

    public int Batches => (Rows + BatchSize - 1) / BatchSize;

    public long Steps => (long)Epochs * Batches;

    /// <summary>Settles a plan for samples in order of time.</summary>
    public static OfflinePlan Create(ArtifactManifest manifest, IReadOnlyList<HistorySample> samples, OfflineLearnerOptions options, bool isAugmented)
    {
        int holdOut = HoldOutOf(samples.Count, options);
        return new()
        {
            FeatureKey = FeatureKeys.Of(manifest),
            Seed = options.Seed,
            Epochs = options.Epochs ?? manifest.Defaults.Epochs,
            BatchSize = options.BatchSize ?? manifest.Defaults.BatchSize,
            LearningRate = options.LearningRate ?? manifest.Defaults.LearningRate,
            Variants = isAugmented ? options.Variants : 0,
            Patience = options.Patience,
            Train = [.. samples.Take(samples.Count - holdOut)],
            HoldOut = [.. samples.Skip(samples.Count - holdOut)],
        };
    }

    // As many as the gate needs to decide, or a training of few samples could never serve; but never most of them.
    private static int HoldOutOf(int samples, OfflineLearnerOptions options)
    {
        if (options.HoldOutFraction == 0)
            return 0;
        int share = (int)(samples * options.HoldOutFraction);
        int decisive = Math.Min(options.Gate.MinimumLabels, samples / 2);
        return Math.Min(Math.Max(share, decisive), options.HoldOutLimit);
    }

    /// <summary>Whether the settings are the same and every sample still stands as it did: a training must not go on with what was forgotten or corrected.</summary>
    public bool CanGoOn(OfflinePlan fresh, IReadOnlyList<HistorySample> samples)
    {
        HashSet<HistorySample> present = [.. samples];
        return (FeatureKey, Seed, Epochs, BatchSize, LearningRate, Variants, Patience)
            == (fresh.FeatureKey, fresh.Seed, fresh.Epochs, fresh.BatchSize, fresh.LearningRate, fresh.Variants, fresh.Patience)
            && Train.All(present.Contains) && HoldOut.All(present.Contains);
    }
}
