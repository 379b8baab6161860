using AutLearn.Text;

namespace AutLearn.Samples.Keyboard;

/// <summary>What of a text the keyboard predicts: words, and the marks that end a sentence.</summary>
/// <remarks>The words are those of <see cref="WordTokenizer"/>, with an apostrophe that may begin one ('tis); numbers, emoji and addresses are passed over.</remarks>
public static class WordText
{
    /// <summary>Stands for the end of a sentence among the words.</summary>
    public const string SentenceEnd = ".";

    // Nothing stands right behind it.
    private const int NoPlace = -2;

    private const string SentenceMarks = ".!?\u3002\uFF01\uFF1F\u061F\u0964";

    /// <summary>Lists the words in order, with <see cref="SentenceEnd"/> where a sentence ends.</summary>
    public static IEnumerable<string> Split(string text)
    {
        int apostrophe = NoPlace;
        bool isEnded = false;
        for (TextToken token = WordTokenizer.Next(text, 0); token.Length > 0; token = WordTokenizer.Next(text, token.End))
        {
            bool isMark = token.Kind == TokenKind.Symbol && SentenceMarks.Contains(text[token.Start], StringComparison.Ordinal);
            if (isMark && !isEnded)
                yield return SentenceEnd;
            isEnded = isMark;
            if (token.Kind == TokenKind.Word)
            {
                int start = apostrophe == token.Start - 1 ? apostrophe : token.Start;
                yield return Fold(text.AsSpan(start, token.End - start));
            }

            // Behind a letter it is a closing quote.
            bool isOpening = token.Kind == TokenKind.Symbol && text[token.Start] is '\'' or '\u2019' && (token.Start == 0 || !char.IsLetter(text[token.Start - 1]));
            apostrophe = isOpening ? token.Start : NoPlace;
        }
    }

    /// <summary>Gives a word the form in which the vocabulary has it.</summary>
    public static string Fold(ReadOnlySpan<char> word) => TokenFolding.Fold(word, TokenKind.Word);
}
