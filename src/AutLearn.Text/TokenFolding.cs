using System.Buffers;
using System.Text;
using AutLearn.Text.Unicode;

namespace AutLearn.Text;

/// <summary>Brings tokens that people take for the same to one form.</summary>
/// <remarks>
/// Canonically equivalent characters become one, letters lower case, apostrophes <c>'</c>; soft hyphens, directional marks and stray
/// variation selectors go, joiners inside words stay. Emoji and addresses keep all their characters. Safe for use by several threads.
/// </remarks>
public static class TokenFolding
{
    /// <summary>Folds a token.</summary>
    /// <param name="token">Its text.</param>
    /// <param name="kind">What it is.</param>
    public static string Fold(ReadOnlySpan<char> token, TokenKind kind)
    {
        if (kind is TokenKind.Emoji or TokenKind.Address)
            return token.ToString();
        if (Ascii.IsValid(token))
            return string.Create(token.Length, token, static (span, source) => Ascii.ToLower(source, span, out _));
        var kept = new StringBuilder(token.Length);
        foreach (char c in token)
        {
            if (IsApostrophe(c))
                kept.Append('\'');
            else if (!IsInvisible(c))
                kept.Append(c);
        }

        return CanonicalComposition.Compose(CanonicalComposition.Compose(kept.ToString()).ToLowerInvariant());
    }

    /// <summary>Folds a token into a buffer where that needs no allocation: one of ASCII alone that fits.</summary>
    /// <returns>Whether it did; the token's length then.</returns>
    internal static bool TryFold(ReadOnlySpan<char> token, Span<char> target) =>
        token.Length <= target.Length && Ascii.ToLower(token, target, out int written) == OperationStatus.Done && written == token.Length;

    // U+02BC is the letter that Unicode recommends for Ukrainian and others; keyboards give the ASCII one.
    private static bool IsApostrophe(char c) => c is '\u2019' or '\u02BC' or '\uFF07';

    private static bool IsInvisible(char c) => c is '\u00AD' or '\u034F' or '\u061C' or '\u200E' or '\u200F' or '\uFEFF'
        or (>= '\u202A' and <= '\u202E') or (>= '\u2060' and <= '\u206F') or (>= '\uFE00' and <= '\uFE0F');
}
