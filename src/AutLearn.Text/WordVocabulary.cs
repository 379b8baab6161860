using System.Collections.Immutable;
using System.Text;

namespace AutLearn.Text;

/// <summary>Numbers words: the tokens of <see cref="WordTokenizer"/> in the form of <see cref="TokenFolding"/>.</summary>
/// <remarks>Immutable; safe for use by several threads.</remarks>
public sealed class WordVocabulary : ITextTokenizer
{
    /// <summary>Fills rows up.</summary>
    public const string PaddingWord = "<pad>";

    /// <summary>Stands for every word that is not in the vocabulary.</summary>
    public const string UnknownWord = "<unk>";

    /// <summary>Ends a line.</summary>
    public const string LineEnd = "<eol>";

    private const int StackCharacters = 64;
    private const string NoBlankBefore = ".,;:!?)]}%\u2026\u201D\u3002\uFF0C\uFF01\uFF1F";
    private const string NoBlankBehind = "([{$#@\u201C";

    private readonly Dictionary<string, int> _numbers;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    /// <summary>Takes words by number.</summary>
    /// <param name="words">Distinct; those in angle brackets are special and match no text.</param>
    /// <exception cref="ArgumentException">A word comes twice, or <see cref="UnknownWord"/> is missing.</exception>
    public WordVocabulary(IEnumerable<string> words)
    {
        Words = [.. words];
        _numbers = new(Words.Length, StringComparer.Ordinal);
        for (int i = 0; i < Words.Length; i++)
        {
            if (!_numbers.TryAdd(Words[i], i))
                throw new ArgumentException($"The word of number {i} has number {_numbers[Words[i]]} too.", nameof(words));
        }

        Unknown = _numbers.TryGetValue(UnknownWord, out int unknown) ? unknown : throw new ArgumentException($"The vocabulary has no {UnknownWord}.", nameof(words));
        _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Gets the words by number.</summary>
    public ImmutableArray<string> Words { get; }

    /// <summary>Gets the number of <see cref="UnknownWord"/>.</summary>
    public int Unknown { get; }

    /// <inheritdoc/>
    public int Count => Words.Length;

    /// <summary>Numbers the most frequent words of texts, the more frequent first, equals in ordinal order, behind the special ones.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="size">The most words, special ones included.</param>
    /// <param name="special">Special words, <see cref="UnknownWord"/> among them.</param>
    public static WordVocabulary Of(IEnumerable<string> texts, int size, params IReadOnlyList<string> special)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, special.Count + 1);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> folded = stackalloc char[StackCharacters];
        foreach (string text in texts)
        {
            foreach (TextToken token in WordTokenizer.Tokenize(text))
            {
                ReadOnlySpan<char> key = Key(text.AsSpan(token.Start, token.Length), token.Kind, folded);
                lookup[key] = lookup.TryGetValue(key, out int count) ? count + 1 : 1;
            }
        }

        return new([.. special, .. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Select(c => c.Key).Except(special).Take(size - special.Count)]);
    }

    /// <summary>Reads words, one a line by number.</summary>
    /// <param name="utf8">UTF-8 text; the last line needs no end.</param>
    /// <exception cref="FormatException">The text is no UTF-8, or a word is empty, comes twice, or <see cref="UnknownWord"/> is missing.</exception>
    public static WordVocabulary Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
            string[] words = (text.EndsWith('\n') ? text[..^1] : text).Split('\n');
            int empty = Array.FindIndex(words, string.IsNullOrEmpty);
            return empty < 0 ? new(words) : throw new FormatException($"line {empty + 1} holds no word.");
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e is DecoderFallbackException ? "it is no UTF-8 text." : e.Message, e);
        }
    }

    /// <summary>Writes the words as <see cref="Parse"/> reads them.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Join('\n', Words) + "\n");

    /// <summary>Finds the number of a folded word; null where it is not in the vocabulary.</summary>
    public int? Find(string word) => _numbers.TryGetValue(word, out int number) ? number : null;

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, ICollection<long> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        Span<char> folded = stackalloc char[StackCharacters];
        foreach (TextToken token in WordTokenizer.Tokenize(text))
            tokens.Add(_lookup.TryGetValue(Key(text.Slice(token.Start, token.Length), token.Kind, folded), out int number) ? number : Unknown);
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<long> tokens)
    {
        var text = new StringBuilder();
        bool isJoined = true;
        foreach (long token in tokens)
        {
            string word = TokenAt(token is >= 0 and <= int.MaxValue ? (int)token : throw new ArgumentOutOfRangeException(nameof(tokens), token, "No token has this number."));
            if (word is PaddingWord)
                continue;
            if (word is LineEnd)
            {
                text.Append('\n');
                isJoined = true;
                continue;
            }

            if (!isJoined && !(word.Length == 1 && NoBlankBefore.Contains(word[0], StringComparison.Ordinal)))
                text.Append(' ');
            text.Append(word);
            isJoined = word.Length == 1 && NoBlankBehind.Contains(word[0], StringComparison.Ordinal);
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public string TokenAt(int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Words.Length);
        return Words[token];
    }

    private static ReadOnlySpan<char> Key(ReadOnlySpan<char> token, TokenKind kind, Span<char> folded) =>
        kind != TokenKind.Address && TokenFolding.TryFold(token, folded) ? folded[..token.Length] : TokenFolding.Fold(token, kind);
}
