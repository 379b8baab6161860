namespace AutLearn.Runtime.Offline;

/// <summary>The readable part of a checkpoint.</summary>
internal sealed record OfflineHeader(OfflinePlan Plan, OfflinePosition Position);
