namespace AutLearn.Text;

/// <summary>A range of a text that belongs together.</summary>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="Length">Its UTF-16 units; 0 where a text has no further token.</param>
/// <param name="Kind">What it is.</param>
public readonly record struct TextToken(int Start, int Length, TokenKind Kind)
{
    /// <summary>Gets the index behind the token.</summary>
    public int End => Start + Length;
}
