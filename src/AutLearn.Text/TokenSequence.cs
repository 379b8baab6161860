namespace AutLearn.Text;

/// <summary>The tokens of a text in order, for <c>foreach</c>; found while it runs, without allocations.</summary>
public ref struct TokenSequence
{
    private readonly ReadOnlySpan<char> _text;

    internal TokenSequence(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Gets the token that <see cref="MoveNext"/> found.</summary>
    public TextToken Current { get; private set; }

    /// <summary>Gets the sequence itself, at its beginning.</summary>
    public readonly TokenSequence GetEnumerator() => new(_text);

    /// <summary>Finds the next token.</summary>
    /// <returns>False at the text's end.</returns>
    public bool MoveNext()
    {
        Current = WordTokenizer.Next(_text, Current.End);
        return Current.Length > 0;
    }
}
