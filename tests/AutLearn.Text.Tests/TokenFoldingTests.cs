namespace AutLearn.Text.Tests;

[Trait("Category", "Unit")]
public sealed class TokenFoldingTests
{
    [Theory]
    [InlineData("It\u2019s", "it's")]
    [InlineData("\u043C\u02BC\u044F\u0442\u0430", "\u043C'\u044F\u0442\u0430")]
    [InlineData("CAFE\u0301", "caf\u00E9")]
    [InlineData("ab\u00ADcd", "abcd")]
    [InlineData("\u0645\u06CC\u200C\u062E", "\u0645\u06CC\u200C\u062E")]
    [InlineData("word\uFE0F", "word")]
    [InlineData("\u202Bab\u202C", "ab")]
    [InlineData("\U00010400", "\U00010428")]
    [InlineData("THE", "the")]
    public void Fold_Words_OfOneReadingBecomeOne(string token, string folded) => Assert.Equal(folded, TokenFolding.Fold(token, TokenKind.Word));

    [Theory]
    [InlineData("\u2764\uFE0F", TokenKind.Emoji)]
    [InlineData("\U0001F468\u200D\U0001F469", TokenKind.Emoji)]
    [InlineData("https://t.co/aBc", TokenKind.Address)]
    public void Fold_EmojiAndAddresses_StayAsTheyAre(string token, TokenKind kind) => Assert.Equal(token, TokenFolding.Fold(token, kind));

    [Fact]
    public void Fold_AnUnpairedSurrogate_Stays() => Assert.Equal("e\u0301\uD800".Replace("e\u0301", "\u00E9", StringComparison.Ordinal), TokenFolding.Fold("E\u0301\uD800", TokenKind.Word));
}
