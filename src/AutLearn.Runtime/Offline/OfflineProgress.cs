namespace AutLearn.Runtime.Offline;

/// <summary>Where offline learning stands.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">The epochs at most.</param>
/// <param name="Step">Batches done, over all windows; each is a step unless all its labels are ignored, its samples gone, or the step refused.</param>
/// <param name="Steps">Batches at most.</param>
/// <param name="ComputedRows">Rows in this window whose features the backbone had to compute.</param>
/// <param name="ReusedRows">Rows in this window whose features came from the store.</param>
/// <param name="WindowSteps">Updates that were applied in this window.</param>
public readonly record struct OfflineProgress(int Epoch, int Epochs, long Step, long Steps, long ComputedRows, long ReusedRows, long WindowSteps = 0);
