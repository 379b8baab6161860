using CsCheck;

namespace AutLearn.Text.Tests;

[Trait("Category", "Unit")]
public sealed class WordTokenizerTests
{
    [Theory]
    [InlineData("good\U0001F602\U0001F602\U0001F602 morning", "good|\U0001F602|\U0001F602|\U0001F602|morning")]
    [InlineData("so happy\U0001F468\u200D\U0001F469\u200D\U0001F467 today", "so|happy|\U0001F468\u200D\U0001F469\u200D\U0001F467|today")]
    [InlineData("I \u2764\uFE0F you", "I|\u2764\uFE0F|you")]
    [InlineData("\u2764\uFE0F\u200D\U0001FA79\U0001F44D\U0001F3FD", "\u2764\uFE0F\u200D\U0001FA79|\U0001F44D\U0001F3FD")]
    [InlineData("\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", "\U0001F1E9\U0001F1EA|\U0001F1EB\U0001F1F7")]
    [InlineData("1\uFE0F\u20E32\uFE0F\u20E3", "1\uFE0F\u20E3|2\uFE0F\u20E3")]
    [InlineData("no1\uFE0F\u20E3 #\uFE0F\u20E3 *\u20E3", "no|1\uFE0F\u20E3|#\uFE0F\u20E3|*\u20E3")]
    [InlineData("\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F!", "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F|!")]
    public void Tokenize_Emoji_AreTokensOfTheirOwn(string text, string expected) => Assert.Equal(expected, Join(text));

    [Theory]
    [InlineData("\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645 \u06A9\u062A\u0627\u0628", "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645|\u06A9\u062A\u0627\u0628")]
    [InlineData("ab\u00ADcd soft", "ab\u00ADcd|soft")]
    [InlineData("caf\u00E9 cafe\u0301", "caf\u00E9|cafe\u0301")]
    [InlineData("it\u2019s it's rock'n'roll", "it\u2019s|it's|rock'n'roll")]
    [InlineData("zero\u200Bwidth", "zero|width")]
    [InlineData("\u0939\u093F\u0928\u094D\u0926\u0940 \u092D\u093E\u0937\u093E", "\u0939\u093F\u0928\u094D\u0926\u0940|\u092D\u093E\u0937\u093E")]
    [InlineData("\u4ECA\u5929\uFF0C", "\u4ECA|\u5929|\uFF0C")]
    [InlineData("\u30AB\u30BF\u30AB\u30CA\u3067\u3059", "\u30AB\u30BF\u30AB\u30CA|\u3067|\u3059")]
    [InlineData("well-known snake_case", "well|-|known|snake_case")]
    [InlineData("\uFEFFhello \uFE0Fworld", "hello|world")]
    public void Tokenize_Words_AreWholeInEveryScript(string text, string expected) => Assert.Equal(expected, Join(text));

    [Theory]
    [InlineData("the U.S. office, e.g. today.", "the|U.S.|office|,|e.g.|today|.")]
    [InlineData("at 9 a.m.", "at|9|a.m.")]
    [InlineData("I slept.Then woke", "I|slept|.|Then|woke")]
    [InlineData("a Ph.D. in it", "a|Ph.D|.|in|it")]
    [InlineData("Note:this and so:that", "Note|:|this|and|so|:|that")]
    [InlineData("example.org is down", "example.org|is|down")]
    [InlineData("wait...what?!", "wait|.|.|.|what|?|!")]
    public void Tokenize_Points_BelongToAbbreviationsAndNames(string text, string expected) => Assert.Equal(expected, Join(text));

    [Theory]
    [InlineData("3.14 1,000 1,234.56", "3.14|1,000|1,234.56")]
    [InlineData("10:30 3:30pm 1:02:03", "10:30|3:30pm|1:02:03")]
    [InlineData("$5.99, 50%", "$|5.99|,|50|%")]
    [InlineData("at 192.168.1.1, ok", "at|192.168.1.1|,|ok")]
    [InlineData("ratio 1: 2", "ratio|1|:|2")]
    [InlineData("\u0661\u0662\u0663 4th", "\u0661\u0662\u0663|4th")]
    public void Tokenize_Numbers_KeepTheMarksInside(string text, string expected) => Assert.Equal(expected, Join(text));

    [Theory]
    [InlineData("Visit https://example.org/a-b?c=d or mail me@example.org now", "Visit|https://example.org/a-b?c=d|or|mail|me@example.org|now")]
    [InlineData("(see http://t.co/aBc).", "(|see|http://t.co/aBc|)|.")]
    [InlineData("http://en.wikipedia.org/wiki/A_(b), x", "http://en.wikipedia.org/wiki/A_(b)|,|x")]
    [InlineData("www.example.org!", "www.example.org|!")]
    [InlineData("pic.twitter.com/xYz and/or", "pic.twitter.com/xYz|and|/|or")]
    [InlineData("first.last+tag@mail.example.co.uk.", "first.last+tag@mail.example.co.uk|.")]
    [InlineData("HTTPS://X.ORG\U0001F602", "HTTPS://X.ORG|\U0001F602")]
    [InlineData("a@b http:// www.", "a|@|b|http|:|/|/|www|.")]
    [InlineData("https://t.co/\u2026 end", "https://t.co/|\u2026|end")]
    public void Tokenize_Addresses_AreWhole(string text, string expected) => Assert.Equal(expected, Join(text));

    [Theory]
    [InlineData("@user thanks @a_b!", "@user|thanks|@a_b|!")]
    [InlineData("#happy #10k #\u0645\u06CC\u200C\u062E, C# a#b", "#happy|#10k|#\u0645\u06CC\u200C\u062E|,|C|#|a|#|b")]
    [InlineData("@ # @@x", "@|#|@|@x")]
    [InlineData("#caf\u00E9\U0001F602", "#caf\u00E9|\U0001F602")]
    public void Tokenize_NamesAndTopics_AreWhole(string text, string expected) => Assert.Equal(expected, Join(text));

    [Theory]
    [InlineData("word", TokenKind.Word)]
    [InlineData("4th", TokenKind.Word)]
    [InlineData("\u4ECA", TokenKind.Word)]
    [InlineData("3.14", TokenKind.Number)]
    [InlineData("\u0663", TokenKind.Number)]
    [InlineData("\U0001F602", TokenKind.Emoji)]
    [InlineData("\u263A\uFE0F", TokenKind.Emoji)]
    [InlineData("\u263A", TokenKind.Symbol)]
    [InlineData("\u263A\uFE0E", TokenKind.Symbol)]
    [InlineData("\u00A9", TokenKind.Symbol)]
    [InlineData("a@b.org", TokenKind.Address)]
    [InlineData("@a", TokenKind.Mention)]
    [InlineData("#a", TokenKind.Tag)]
    [InlineData("\u2014", TokenKind.Symbol)]
    [InlineData("____", TokenKind.Symbol)]
    public void Next_OneToken_IsOfItsKind(string text, TokenKind kind) =>
        Assert.Equal(new TextToken(0, text.Length, kind), WordTokenizer.Next(text, 0));

    [Theory]
    [InlineData("")]
    [InlineData(" \t\r\n\u00A0\u3000\u2028")]
    [InlineData("\u200B\uFEFF\u200D\u0301\u00AD\uFE0F")]
    [InlineData("\0\u0007")]
    public void Next_NothingToSee_IsNoToken(string text) => Assert.Equal(new TextToken(text.Length, 0, TokenKind.Symbol), WordTokenizer.Next(text, 0));

    // Attributes hold no unpaired surrogates.
    [Fact]
    public void Tokenize_UnpairedSurrogates_BelongToNoToken()
    {
        Assert.Equal("", Join("\uD83D \uDE02\uD83D"));
        Assert.Equal("a|b|c", Join("a\uD83Db\uDE02\uD83D c\uDE02"));
        Assert.Equal("", Join(new string('\uD83D', 1_000_000)));
    }

    [Fact]
    public void Tokenize_AnyText_GivesTokensInOrderThatHoldEveryLetter() =>
        Gen.OneOf(Gen.Char, Gen.Char['\u0020', '\u007E'], Gen.Char[".:@/1a#\u20E3\u200D\uD83D\uDE02"]).Array[0, 60].Sample(chars =>
        {
            string text = new(chars);
            bool[] isCovered = new bool[text.Length];
            int end = 0;
            foreach (TextToken token in WordTokenizer.Tokenize(text))
            {
                Assert.True(token.Start >= end && token.Length > 0 && token.End <= text.Length, $"{token} after {end} in {text}");
                end = token.End;
                isCovered.AsSpan(token.Start, token.Length).Fill(true);
            }

            for (int i = 0; i < text.Length; i++)
                Assert.True(isCovered[i] || !char.IsLetterOrDigit(text[i]), $"'{text[i]}' at {i} of '{text}' is in no token.");
        });

    // The numbers are far above what time that grows with the square of the length could do in a test.
    [Theory]
    [InlineData("a:")]
    [InlineData("1:")]
    [InlineData("abc.Abc")]
    [InlineData("1\uFE0F\u20E3")]
    [InlineData("a.")]
    [InlineData("a-")]
    [InlineData("a@")]
    [InlineData("http://)")]
    [InlineData("www.a")]
    [InlineData("\u0301")]
    [InlineData("a\u0301'")]
    [InlineData("\U0001F1E9")]
    [InlineData("\U0001F468\u200D")]
    [InlineData("#a@")]
    public void Tokenize_AMillionOfAnything_Ends(string part)
    {
        string text = string.Concat(Enumerable.Repeat(part, 1_000_000 / part.Length));
        int end = 0;
        foreach (TextToken token in WordTokenizer.Tokenize(text))
            end = token.End;
        Assert.InRange(end, 0, text.Length);
    }

    [Fact]
    public void Tokenize_AWarmText_AllocatesNothing()
    {
        const string Text = "It\u2019s 10:30 in the U.S., see https://example.org/a @user #happy \U0001F44D\U0001F3FD cafe\u0301";
        Count(Text);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int count = Count(Text);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(12, count);
    }

    private static int Count(string text)
    {
        int count = 0;
        foreach (TextToken _ in WordTokenizer.Tokenize(text))
            count++;
        return count;
    }

    private static string Join(string text)
    {
        var tokens = new List<string>();
        foreach (TextToken token in WordTokenizer.Tokenize(text))
            tokens.Add(text.Substring(token.Start, token.Length));
        return string.Join('|', tokens);
    }
}
