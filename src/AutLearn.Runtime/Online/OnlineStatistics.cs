using AutLearn.Cache;

namespace AutLearn.Runtime.Online;

/// <summary>What an online learner did so far.</summary>
/// <param name="Steps">Updates applied.</param>
/// <param name="TrainedRows">Rows in them.</param>
/// <param name="RefusedSteps">Batches whose step was refused because it would have left values that are not finite.</param>
/// <param name="RefusedRows">Rows of theirs that were dropped: their own step would be refused too. From the others a second step learned.</param>
/// <param name="IgnoredRows">Rows dropped without a step because every label of their batch was the ignored one.</param>
/// <param name="LastLoss">The loss of the last step; NaN before the first.</param>
/// <param name="IsPaused">Whether learning is paused, by the app or by an error.</param>
/// <param name="Error">The error that paused learning, or null.</param>
/// <param name="ReplayedRows">Rows that were trained again.</param>
/// <param name="Promotions">How often the gate let what was learned serve after something else had; 0 without a gate.</param>
/// <param name="Rollbacks">How often the gate went back to the model that learning began with.</param>
/// <param name="Cache">The rows that wait.</param>
public sealed record OnlineStatistics(
    long Steps,
    long TrainedRows,
    long RefusedSteps,
    long RefusedRows,
    long IgnoredRows,
    float LastLoss,
    bool IsPaused,
    Exception? Error,
    long ReplayedRows,
    long Promotions,
    long Rollbacks,
    CacheStatistics Cache);
