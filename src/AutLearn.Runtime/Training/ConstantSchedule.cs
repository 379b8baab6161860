using System.Globalization;

namespace AutLearn.Runtime.Training;

/// <summary>One learning rate for all steps.</summary>
public sealed record ConstantSchedule : LearningRateSchedule
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="learningRate">Above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public ConstantSchedule(double learningRate) => LearningRate = Positive(learningRate, nameof(learningRate));

    /// <summary>Gets the learning rate.</summary>
    public double LearningRate { get; }

    /// <inheritdoc/>
    public override double RateAt(long step, ScheduleState state) => LearningRate;

    internal override string Description => string.Create(CultureInfo.InvariantCulture, $"constant {LearningRate:R}");
}
