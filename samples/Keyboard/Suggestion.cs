namespace AutLearn.Samples.Keyboard;

/// <summary>A word that may come next.</summary>
/// <param name="Word">In lower case.</param>
/// <param name="Probability">Before any letter of it is typed, in [0, 1].</param>
public sealed record Suggestion(string Word, double Probability);
