namespace AutLearn.Augment.Text;

/// <summary>Where a word of an augmented text stands, and which word of the original it came from.</summary>
/// <param name="Start">The first character in the augmented text.</param>
/// <param name="Length">The characters.</param>
/// <param name="SourceWord">The word's index in the original; -1 for an inserted word. A replaced word keeps its index.</param>
public readonly record struct WordOffset(int Start, int Length, int SourceWord);
