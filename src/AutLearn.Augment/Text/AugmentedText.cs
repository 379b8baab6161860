using System.Collections.Immutable;

namespace AutLearn.Augment.Text;

/// <summary>An augmented text with the origin of its words, so that labels on words can follow them.</summary>
/// <param name="Text">The text.</param>
/// <param name="Words">Its words in order.</param>
public sealed record AugmentedText(string Text, ImmutableArray<WordOffset> Words);
