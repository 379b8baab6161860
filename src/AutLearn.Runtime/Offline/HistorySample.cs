namespace AutLearn.Runtime.Offline;

/// <summary>One labelled sample of the user's history.</summary>
/// <param name="Id">Names the sample, and its features on disk, for as long as it lives.</param>
/// <param name="Label">The class; for labels that are no class, any number that changes when they do, such as a hash.</param>
/// <param name="ContentKey">A hash of the content, which seeds augmentation: a sample is augmented the same way whatever stands beside it.</param>
public readonly record struct HistorySample(long Id, long Label, long ContentKey);
