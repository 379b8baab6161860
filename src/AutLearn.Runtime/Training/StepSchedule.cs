using System.Globalization;

namespace AutLearn.Runtime.Training;

/// <summary>A learning rate that is multiplied with a factor every so many steps: rate factor^floor(step / interval).</summary>
public sealed record StepSchedule : LearningRateSchedule
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="learningRate">Above 0.</param>
    /// <param name="interval">Steps, at least 1.</param>
    /// <param name="factor">In (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside.</exception>
    public StepSchedule(double learningRate, long interval, double factor = 0.1)
    {
        LearningRate = Positive(learningRate, nameof(learningRate));
        Interval = AtLeast(interval, 1, nameof(interval));
        Multiplier = Factor(factor, nameof(factor));
    }

    /// <summary>Gets the first learning rate.</summary>
    public double LearningRate { get; }

    /// <summary>Gets the steps between two reductions.</summary>
    public long Interval { get; }

    /// <summary>Gets the factor of one reduction.</summary>
    public double Multiplier { get; }

    /// <inheritdoc/>
    public override double RateAt(long step, ScheduleState state) => Math.Max(LearningRate * Math.Pow(Multiplier, step / Interval), float.Epsilon);

    internal override string Description => string.Create(CultureInfo.InvariantCulture, $"step {LearningRate:R} times {Multiplier:R} every {Interval}");
}
