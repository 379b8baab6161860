namespace AutLearn.Cloud.Sentences;

/// <summary>A sentence of a text file.</summary>
/// <param name="Label">What the file says of it; null without labels.</param>
/// <param name="Text">The sentence.</param>
internal readonly record struct LabelledSentence(string? Label, string Text);
