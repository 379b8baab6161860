using System.Globalization;

namespace AutLearn.Runtime.Training;

/// <summary>A learning rate that is reduced when the validation loss no longer falls.</summary>
/// <remarks>A loss is lower where it is below (1 - threshold) times the lowest so far. After a reduction the count of bad epochs starts anew.</remarks>
public sealed record ReduceOnPlateau : LearningRateSchedule
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="learningRate">The first learning rate, above 0.</param>
    /// <param name="factor">In (0, 1).</param>
    /// <param name="patience">The validations without a lower loss that are let pass, at least 0.</param>
    /// <param name="minimumLearningRate">At least 0; the learning rate stays there.</param>
    /// <param name="threshold">In [0, 1): the relative fall that counts.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside.</exception>
    public ReduceOnPlateau(double learningRate, double factor = 0.1, int patience = 10, double minimumLearningRate = 0, double threshold = 1e-4)
    {
        LearningRate = Positive(learningRate, nameof(learningRate));
        Multiplier = Factor(factor, nameof(factor));
        Patience = (int)AtLeast(patience, 0, nameof(patience));
        MinimumLearningRate = NonNegative(minimumLearningRate, nameof(minimumLearningRate));
        Threshold = NonNegative(threshold, nameof(threshold));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(threshold, 1);
    }

    /// <summary>Gets the first learning rate.</summary>
    public double LearningRate { get; }

    /// <summary>Gets the factor of one reduction.</summary>
    public double Multiplier { get; }

    /// <summary>Gets the validations without a lower loss that are let pass.</summary>
    public int Patience { get; }

    /// <summary>Gets the lowest learning rate.</summary>
    public double MinimumLearningRate { get; }

    /// <summary>Gets the relative fall that counts.</summary>
    public double Threshold { get; }

    /// <inheritdoc/>
    public override double RateAt(long step, ScheduleState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Math.Max(Math.Max(LearningRate * state.Scale, MinimumLearningRate), float.Epsilon);
    }

    /// <inheritdoc/>
    public override ScheduleState Observe(ScheduleState state, double loss)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (loss < state.BestLoss * (1 - Threshold))
            return state with { BestLoss = loss, BadEpochs = 0 };
        return state.BadEpochs < Patience
            ? state with { BadEpochs = state.BadEpochs + 1 }
            : state with { Scale = state.Scale * Multiplier, BadEpochs = 0 };
    }

    internal override string Description => string.Create(
        CultureInfo.InvariantCulture, $"plateau {LearningRate:R} times {Multiplier:R} after {Patience} down to {MinimumLearningRate:R}, threshold {Threshold:R}");
}
