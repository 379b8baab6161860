namespace AutLearn.Testing.Faults;

/// <summary>A sample that must stand in the profile.</summary>
/// <param name="Number">What its content was made from; -1 for one that was stored but not acknowledged.</param>
/// <param name="Source">Its source.</param>
/// <param name="Label">Its label.</param>
public sealed record StormSample(int Number, string Source, long Label);
