using AutLearn.Runtime.Gate;

namespace AutLearn.Runtime.Offline;

/// <summary>What a window of offline learning did.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Progress">Where training stands.</param>
/// <param name="BestEpoch">The epoch with the lowest loss on the hold-out so far; 0 for the parameters that training started from.</param>
/// <param name="BestLoss">That loss; NaN without a hold-out.</param>
/// <param name="SkippedSamples">Samples that could not be read, whose labels the loss is not defined for, or, in the hold-out, whose features are not numbers.</param>
/// <param name="Gate">The gate's report; null unless training is over.</param>
public sealed record OfflineResult(OfflineStatus Status, OfflineProgress Progress, int BestEpoch, double BestLoss, int SkippedSamples, GateReport? Gate)
{
    /// <summary>Gets the steps that were refused because they would have left values that are not finite. The rows at fault were left out; where others remained, these were learned from.</summary>
    public long RefusedSteps { get; init; }

    /// <summary>Gets the rows left out so, over all epochs.</summary>
    public long RefusedRows { get; init; }
}
