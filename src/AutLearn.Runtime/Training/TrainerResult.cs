using System.Collections.Immutable;

namespace AutLearn.Runtime.Training;

/// <summary>What training did.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="Epochs">All epochs, also those before an interruption.</param>
/// <param name="Steps">All updates that were applied, also those before an interruption.</param>
/// <param name="ResumedAtStep">The updates that a checkpoint brought along; 0 where training started anew.</param>
/// <param name="BestEpoch">The epoch with the lowest validation loss, or training loss where nothing is validated; null where no loss was a number.</param>
/// <param name="Duration">The time since training was started or resumed.</param>
public sealed record TrainerResult(TrainerEnd End, ImmutableArray<TrainerEpoch> Epochs, long Steps, long ResumedAtStep, int? BestEpoch, TimeSpan Duration)
{
    /// <summary>Gets the micro-steps: batches whose gradients went into the updates. As many as these where the artifacts do not accumulate gradients.</summary>
    public long MicroSteps { get; init; }

    /// <summary>Gets the steps that were refused because they would have left values that are not finite. The rows at fault were left out; where others remained, these were learned from.</summary>
    public long RefusedSteps { get; init; }

    /// <summary>Gets the rows left out so, over all epochs.</summary>
    public long RefusedRows { get; init; }

    /// <summary>Gets the batches without a step because every label was the ignored one, over all epochs.</summary>
    public long IgnoredBatches { get; init; }
}
