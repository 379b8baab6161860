namespace AutLearn.Samples.Keyboard;

/// <summary>The likeliest next words.</summary>
/// <param name="Id">What to give feedback with.</param>
/// <param name="Prefix">The letters of the next word that are typed already; every suggestion begins with them.</param>
/// <param name="Words">At most three, best first.</param>
public sealed record Suggestions(long Id, string Prefix, IReadOnlyList<Suggestion> Words);
