using System.Collections.Immutable;

namespace AutLearn.Runtime;

/// <summary>What training did.</summary>
/// <param name="Epochs">One entry an epoch.</param>
/// <param name="Steps">The updates applied.</param>
/// <param name="Duration">The time of the steps.</param>
/// <param name="ParameterVersion">The version after the last step.</param>
public sealed record TrainingResult(ImmutableArray<EpochResult> Epochs, long Steps, TimeSpan Duration, long ParameterVersion)
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
