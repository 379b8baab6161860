using System.Text.RegularExpressions;

namespace AutLearn.Samples.Keyboard;

/// <summary>Splits text into lower-case words and the marks that end a sentence.</summary>
public static partial class WordText
{
    /// <summary>Stands for the end of a sentence among the words.</summary>
    public const string SentenceEnd = ".";

    /// <summary>Lists the words in order, with <see cref="SentenceEnd"/> where a sentence ends.</summary>
    public static IEnumerable<string> Split(string text) =>
        Pattern().Matches(text).Select(m => m.Value[0] is '.' or '!' or '?' ? SentenceEnd : m.Value.ToLowerInvariant().Replace('\u2019', '\''));

    // A word may begin with an apostrophe ('tis) and have more inside (o'er), but does not end with one: that is a closing quote.
    [GeneratedRegex(@"['\u2019]?\p{L}+(?:['\u2019]\p{L}+)*|[.!?]+", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
