namespace AutLearn.Cloud.Augmentation;

/// <summary>A line of a text file.</summary>
/// <param name="Label">What stands before the tab; null without labels.</param>
/// <param name="Text">The sentence.</param>
internal readonly record struct LabelledSentence(string? Label, string Text);
