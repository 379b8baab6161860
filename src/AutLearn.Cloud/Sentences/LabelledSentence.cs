using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Sentences;

/// <summary>A sentence of a text file.</summary>
/// <param name="Label">What the file says of it; null without labels.</param>
/// <param name="Text">The sentence.</param>
/// <param name="Part">What the sentence was set aside for; null where the file says nothing.</param>
internal readonly record struct LabelledSentence(string? Label, string Text, DataPart? Part = null);
