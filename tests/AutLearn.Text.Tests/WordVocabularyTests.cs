namespace AutLearn.Text.Tests;

[Trait("Category", "Unit")]
public sealed class WordVocabularyTests
{
    private static readonly string[] Special = [WordVocabulary.UnknownWord, WordVocabulary.LineEnd];

    [Fact]
    public void Of_FrequentWords_ComeFirstAndEqualsInOrdinalOrder()
    {
        var words = WordVocabulary.Of(["b a b", "c a"], 5, Special);
        Assert.Equal(["<unk>", "<eol>", "a", "b", "c"], words.Words.AsEnumerable());
        Assert.Equal(["<unk>", "<eol>", "a"], WordVocabulary.Of(["b a b", "c a"], 3, Special).Words.AsEnumerable());
    }

    [Fact]
    public void Of_OneWordInManySpellings_IsOne()
    {
        var words = WordVocabulary.Of(["It\u2019s it's IT'S", "caf\u00E9 cafe\u0301 CAFE\u0301", "abcd ab\u00ADcd"], 100, Special);
        Assert.Equal(["<unk>", "<eol>", "caf\u00E9", "it's", "abcd"], words.Words.AsEnumerable());
    }

    // The lines of a tweet-like file that once gave torn emoji, two forms of one word and words cut at joiners.
    [Fact]
    public void Of_TweetLikeLines_HasEachWordOnce()
    {
        string[] lines =
        [
            "good\U0001F602\U0001F602\U0001F602 morning", "so happy\U0001F468\u200D\U0001F469\u200D\U0001F467 today", "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645 \u06A9\u062A\u0627\u0628",
            "caf\u00E9 and cafe\u0301 are one", "it\u2019s it's", "ab\u00ADcd soft", "I \u2764\uFE0F you", "zero\u200Bwidth",
        ];
        string[] expected =
        [
            "\U0001F602", "caf\u00E9", "it's", "abcd", "and", "are", "good", "happy", "i", "morning", "one", "so", "soft", "today", "width", "you", "zero",
            "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645", "\u06A9\u062A\u0627\u0628", "\u2764\uFE0F", "\U0001F468\u200D\U0001F469\u200D\U0001F467",
        ];
        Assert.Equal(["<unk>", .. expected], WordVocabulary.Of(Enumerable.Repeat(lines, 20).SelectMany(l => l), 100, WordVocabulary.UnknownWord).Words.AsEnumerable());
    }

    [Fact]
    public void Encode_AText_GivesTheNumbersOfItsTokens()
    {
        var words = new WordVocabulary(["<unk>", "<eol>", "good", "\U0001F602", "it's", "caf\u00E9", "."]);
        var tokens = new List<long>();
        words.Encode("GOOD\U0001F602\U0001F602 It\u2019s cafe\u0301 <eol> nothing.", tokens);
        Assert.Equal([2, 3, 3, 4, 5, 0, 0, 0, 0, 6], tokens);
    }

    [Fact]
    public void Encode_AVeryLongWord_IsUnknown()
    {
        var tokens = new List<long>();
        new WordVocabulary(["<unk>", "a"]).Encode(new string('x', 100_000) + " a", tokens);
        Assert.Equal([0, 1], tokens);
    }

    [Fact]
    public void Decode_Tokens_ReadsAsText()
    {
        var words = new WordVocabulary(["<pad>", "<unk>", "<eol>", "wait", ",", "what", "?", "(", "no", ")"]);
        Assert.Equal("wait, what? (no)\n<unk> no", words.Decode([3, 4, 5, 6, 7, 8, 9, 2, 1, 8, 0, 0]));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(long.MaxValue)]
    public void Decode_ANumberOutOfRange_Throws(long token) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new WordVocabulary(["<unk>", "a"]).Decode([token]));

    [Theory]
    [InlineData("a", "b")]
    [InlineData("<unk>", "a", "a")]
    [InlineData("<unk>", "<unk>")]
    public void Constructor_WordsTwiceOrWithoutUnknown_Throws(params string[] words) =>
        Assert.Throws<ArgumentException>(() => new WordVocabulary(words));
}
