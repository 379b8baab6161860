namespace AutLearn.Samples.Keyboard;

/// <summary>What the page shows about learning.</summary>
/// <param name="Vocabulary">The words that can be suggested.</param>
/// <param name="Version">The parameter version: the steps learnt since the package, and resets.</param>
/// <param name="Pending">The words that wait to be learnt.</param>
/// <param name="Batch">The words that make a step.</param>
/// <param name="Hits">All words since the last reset.</param>
/// <param name="LastLoss">The loss of the last step since the app started, or null.</param>
/// <param name="ReuseRatio">The share of learnt rows that also reused their scores.</param>
/// <param name="Problem">Why learning or saving stopped, or null.</param>
public sealed record KeyboardStatus(int Vocabulary, long Version, int Pending, int Batch, HitCounts Hits, float? LastLoss, double ReuseRatio, string? Problem);
