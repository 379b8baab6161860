using System.Collections.Immutable;

namespace AutLearn.Runtime.Training;

/// <summary>Where training stands between two steps.</summary>
internal sealed record TrainerPosition
{
    /// <summary>Gets the epoch that the next step belongs to, from 1.</summary>
    public int Epoch { get; init; } = 1;

    /// <summary>Gets the batches done in it.</summary>
    public int Batch { get; init; }

    /// <summary>Gets the updates done, over all epochs.</summary>
    public long Step { get; init; }

    /// <summary>Gets the batches whose gradients went into updates, or wait for one.</summary>
    public long MicroSteps { get; init; }

    public double LossSum { get; init; }

    public long Labels { get; init; }

    public long? Correct { get; init; } = 0;

    public double LearningRate { get; init; }

    /// <summary>Gets the steps that the model refused.</summary>
    public RefusalCount Refusals { get; init; }

    /// <summary>Gets the batches without a label that counts.</summary>
    public long IgnoredBatches { get; init; }

    public ScheduleState Schedule { get; init; } = ScheduleState.Initial;

    public double BestLoss { get; init; } = double.PositiveInfinity;

    public int? BestEpoch { get; init; }

    /// <summary>Gets the SHA-256 of the file that holds the best state; null where there is none.</summary>
    public string? BestSha256 { get; init; }

    public ImmutableArray<TrainerEpoch> Epochs { get; init; } = [];

    public TrainerEnd? End { get; init; }

    /// <summary>Gets the length of the log that belongs to the steps done.</summary>
    public long LogBytes { get; init; }
}
