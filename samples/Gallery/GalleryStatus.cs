namespace AutLearn.Samples.Gallery;

/// <summary>What the page shows about learning.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Photos">The photos of the folder.</param>
/// <param name="Version">The parameter version: the steps learnt since the package, and resets.</param>
/// <param name="Answers">The photos that the user has named.</param>
/// <param name="Pending">The answers that wait to be learnt.</param>
/// <param name="Batch">The answers that make a step.</param>
/// <param name="AccuracyFirst">The share of the named photos whose guess was right when the user named them; null if there are none.</param>
/// <param name="AccuracyNow">The share that is right now; most of these were learnt from.</param>
/// <param name="History">Whether each guess was right when the user first named the photo, in the order of the answers.</param>
/// <param name="Learnt">The classes that were learnt.</param>
/// <param name="LastLoss">The loss of the last step since the app started, or null.</param>
/// <param name="ReuseRatio">The share of learnt rows that also reused their scores.</param>
/// <param name="Problem">Why learning or saving stopped, or null.</param>
public sealed record GalleryStatus(
    string Model,
    int Photos,
    long Version,
    int Answers,
    int Pending,
    int Batch,
    double? AccuracyFirst,
    double? AccuracyNow,
    IReadOnlyList<bool> History,
    IReadOnlyList<LearntClass> Learnt,
    float? LastLoss,
    double ReuseRatio,
    string? Problem);
