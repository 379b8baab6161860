using AutLearn.Runtime.Training;

namespace AutLearn.Runtime.Offline;

/// <summary>Where a training stands: the next step, and what early stopping remembers.</summary>
/// <param name="Epoch">The epoch of the next step, from 1; one past the last when training is over.</param>
/// <param name="Batch">The next step's place in its epoch, from 0.</param>
/// <param name="BestEpoch">The epoch with the lowest loss on the hold-out; 0 before the first step.</param>
/// <param name="BestLoss">That loss; NaN without a hold-out.</param>
/// <param name="Refusals">The steps that the model refused.</param>
internal sealed record OfflinePosition(int Epoch, int Batch, int BestEpoch, double BestLoss, RefusalCount Refusals = default);
