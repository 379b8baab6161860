using System.Globalization;

namespace AutLearn.Runtime.Training;

/// <summary>A learning rate that rises in a line, then falls along half a cosine.</summary>
/// <remarks>
/// In the warm-up of w steps step s has rate (s + 1) / w. After it, final + (rate - final) (1 + cos(pi (s - w) / (steps - w))) / 2,
/// and final from there on. Loshchilov and Hutter, arXiv:1608.03983, without restarts.
/// </remarks>
public sealed record CosineSchedule : LearningRateSchedule
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="learningRate">The highest learning rate, above 0.</param>
    /// <param name="steps">All steps, at least 1.</param>
    /// <param name="warmUpSteps">At least 0 and below <paramref name="steps"/>.</param>
    /// <param name="finalLearningRate">At least 0 and not above <paramref name="learningRate"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside.</exception>
    public CosineSchedule(double learningRate, long steps, long warmUpSteps = 0, double finalLearningRate = 0)
    {
        LearningRate = Positive(learningRate, nameof(learningRate));
        Steps = AtLeast(steps, 1, nameof(steps));
        WarmUpSteps = AtLeast(warmUpSteps, 0, nameof(warmUpSteps));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(warmUpSteps, steps);
        FinalLearningRate = NonNegative(finalLearningRate, nameof(finalLearningRate));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(finalLearningRate, learningRate);
    }

    /// <summary>Gets the highest learning rate.</summary>
    public double LearningRate { get; }

    /// <summary>Gets the number of all steps.</summary>
    public long Steps { get; }

    /// <summary>Gets the steps of the rise.</summary>
    public long WarmUpSteps { get; }

    /// <summary>Gets the learning rate at the end.</summary>
    public double FinalLearningRate { get; }

    /// <inheritdoc/>
    public override double RateAt(long step, ScheduleState state)
    {
        if (step < WarmUpSteps)
            return LearningRate * (step + 1) / WarmUpSteps;
        double progress = Math.Min(1, (double)(step - WarmUpSteps) / (Steps - WarmUpSteps));

        // A step's rate is above 0, even where the schedule has come to its end.
        return Math.Max(FinalLearningRate + ((LearningRate - FinalLearningRate) * 0.5 * (1 + Math.Cos(Math.PI * progress))), float.Epsilon);
    }

    internal override string Description => string.Create(CultureInfo.InvariantCulture, $"cosine {LearningRate:R} to {FinalLearningRate:R} in {Steps} with {WarmUpSteps} of warm-up");
}
