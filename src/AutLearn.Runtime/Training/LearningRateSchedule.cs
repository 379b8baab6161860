namespace AutLearn.Runtime.Training;

/// <summary>The learning rate of each step. Immutable; what changes during training is its <see cref="ScheduleState"/>.</summary>
public abstract record LearningRateSchedule
{
    private protected LearningRateSchedule()
    {
    }

    /// <summary>Gets the learning rate of a step.</summary>
    /// <param name="step">From 0, over all epochs. With accumulation every micro-batch is a step.</param>
    /// <param name="state">What came of the validations so far.</param>
    public abstract double RateAt(long step, ScheduleState state);

    /// <summary>Takes a validation loss into account.</summary>
    /// <param name="state">The state so far.</param>
    /// <param name="loss">The validation loss; the training loss where nothing is validated.</param>
    /// <returns>The next state.</returns>
    public virtual ScheduleState Observe(ScheduleState state, double loss) => state;

    /// <summary>Gets the schedule in words, the same under every culture.</summary>
    internal abstract string Description { get; }

    private protected static double Positive(double value, string name) =>
        value > 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is finite and above 0.");

    private protected static double Factor(double value, string name) =>
        value is > 0 and < 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} lies in (0, 1).");

    private protected static double NonNegative(double value, string name) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is finite and at least 0.");

    private protected static long AtLeast(long value, long minimum, string name) =>
        value >= minimum ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is at least {minimum}.");
}
