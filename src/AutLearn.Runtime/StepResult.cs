namespace AutLearn.Runtime;

/// <summary>What one training step measured, before its update.</summary>
/// <param name="Loss">The loss over the batch, in the loss's own unit.</param>
/// <param name="CorrectCount">The labels that the model predicted before the update; null where the artifacts do not count them.</param>
/// <param name="LabelCount">The labels that count; ignored ones do not. 0 where a training passed over a batch without any: nothing was applied, and the loss is NaN, or 0 where gradients accumulate.</param>
/// <param name="GradientNorm">The global gradient norm before clipping; null where the artifacts do not report it.</param>
/// <param name="ParameterVersion">The version after the update.</param>
public readonly record struct StepResult(float Loss, long? CorrectCount, long LabelCount, float? GradientNorm, long ParameterVersion)
{
    /// <summary>Gets a value indicating whether the step changed the parameters: false for a micro-step, which only added its gradient to those of its window.</summary>
    public bool IsUpdate { get; init; } = true;

    /// <summary>Gets the rows that a training left out of the step, because with them it would have left values that are not finite.</summary>
    public int RefusedRows { get; init; }

    /// <summary>Gets a value indicating whether the step of the whole batch was refused before.</summary>
    internal bool IsSecondTry { get; init; }
}
