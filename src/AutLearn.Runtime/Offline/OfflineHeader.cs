namespace AutLearn.Runtime.Offline;

/// <summary>The readable part of a checkpoint.</summary>
internal sealed record OfflineHeader(OfflinePlan Plan, OfflinePosition Position)
{
    /// <summary>Tells whether a training can have stood so. A checksum proves that nothing was lost, not who wrote it.</summary>
    public bool IsSound() =>
        Plan is { FeatureKey: not null, Train: not null, HoldOut: not null, Epochs: >= 1 and < int.MaxValue, BatchSize: >= 1, Variants: >= 0, Patience: >= 0 }
        && (long)Plan.Train.Length * (1L + Plan.Variants) + Plan.BatchSize <= int.MaxValue
        && Position is { Epoch: >= 1, Batch: >= 0, BestEpoch: >= 0 }
        && Position.Epoch <= Plan.Epochs + 1 && Position.Batch <= Plan.Batches;
}
