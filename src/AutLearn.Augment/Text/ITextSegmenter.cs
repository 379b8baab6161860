namespace AutLearn.Augment.Text;

/// <summary>Finds the words of a text, for languages that do not separate them by blanks.</summary>
/// <remarks>Implementations are safe for use by several threads and return the same words for the same text.</remarks>
public interface ITextSegmenter
{
    /// <summary>Gets what stands between an inserted word and its neighbour: a blank, or nothing.</summary>
    string Separator { get; }

    /// <summary>Finds the next word that augmentation may touch.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where to begin, in [0, length].</param>
    /// <returns>The word's range; an empty range at the text's end where there is none.</returns>
    (int Start, int Length) NextWord(ReadOnlySpan<char> text, int from);
}
