namespace AutLearn.Text;

/// <summary>Turns text into the numbers of its tokens, and back.</summary>
/// <remarks>Implementations are safe for use by several threads and give the same numbers for the same text.</remarks>
public interface ITextTokenizer
{
    /// <summary>Gets the number of distinct tokens; every number is in [0, count).</summary>
    int Count { get; }

    /// <summary>Appends the numbers of a text's tokens, without special ones around them.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="tokens">Where they go.</param>
    void Encode(ReadOnlySpan<char> text, ICollection<long> tokens);

    /// <summary>Writes tokens as text.</summary>
    /// <param name="tokens">Each in [0, count); special ones are left out where they are no text.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    string Decode(ReadOnlySpan<long> tokens);

    /// <summary>Gets how a token is written, special ones included.</summary>
    /// <param name="token">In [0, count).</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of its range.</exception>
    string TokenAt(int token);
}
