namespace AutLearn.Runtime.Training;

/// <summary>What a schedule remembers of the validations so far.</summary>
/// <param name="Scale">What the learning rate is multiplied with.</param>
/// <param name="BestLoss">The lowest validation loss; infinite before the first.</param>
/// <param name="BadEpochs">The validations since then, or since the last reduction.</param>
public sealed record ScheduleState(double Scale, double BestLoss, int BadEpochs)
{
    /// <summary>Gets the state before the first validation.</summary>
    public static ScheduleState Initial { get; } = new(1, double.PositiveInfinity, 0);
}
