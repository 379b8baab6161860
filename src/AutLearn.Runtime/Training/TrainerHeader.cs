namespace AutLearn.Runtime.Training;

/// <summary>The readable part of a checkpoint.</summary>
internal sealed record TrainerHeader(Dictionary<string, string> Settings, TrainerPosition Position)
{
    /// <summary>Tells whether a training can have stood so. A checksum proves that nothing was lost, not who wrote it.</summary>
    public bool IsSound() =>
        Settings is not null
        && Position is { Epoch: >= 1 and < int.MaxValue, Batch: >= 0, Step: >= 0, MicroSteps: >= 0, IgnoredBatches: >= 0, Labels: >= 0, LogBytes: >= 0, Schedule: not null, Epochs.IsDefault: false, BestEpoch: null or > 0 } position
        && position.Epochs.All(e => e is not null)
        && (position.BestSha256 is null || position.BestEpoch is not null)
        && position.End is null or TrainerEnd.Completed or TrainerEnd.EarlyStopped;
}
