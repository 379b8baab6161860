using AutLearn.Text.Unicode;
using CsCheck;

namespace AutLearn.Text.Tests.Unicode;

[Trait("Category", "Conformance")]
public sealed class CanonicalCompositionTests
{
    [Fact]
    public void Compose_PartsOfNormalizationTest_GivesTheirFormC()
    {
        int lines = 0;
        foreach (string line in ConformanceLines.Of("NormalizationTest-parts.txt"))
        {
            string[] forms = [.. line.Split(';').Take(5).Select(ConformanceLines.Text)];
            for (int form = 0; form < 5; form++)
            {
                Assert.Equal(forms[form < 3 ? 1 : 3], CanonicalComposition.Compose(forms[form]));
                Assert.Equal(forms[form < 3 ? 2 : 4], CanonicalComposition.Decompose(forms[form]));
            }


            lines++;
        }

        Assert.Equal(277, lines);
    }

    [Theory]
    [InlineData("cafe\u0301", "caf\u00E9")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("a\u0323\u0302", "\u1EAD")]
    [InlineData("a\u0302\u0323", "\u1EAD")]
    public void Compose_EquivalentTexts_AreOne(string text, string composed) => Assert.Equal(composed, CanonicalComposition.Compose(text));

    // Attributes hold no unpaired surrogates.
    [Fact]
    public void Compose_UnpairedSurrogates_Stay()
    {
        Assert.Equal("\uD800", CanonicalComposition.Compose("\uD800"));
        Assert.Equal("a\uDC00\u0301b", CanonicalComposition.Compose("a\uDC00\u0301b"));
        Assert.Equal("\uD83D \u00E9", CanonicalComposition.Compose("\uD83D e\u0301"));
    }

    [Fact]
    public void Compose_AnyText_IsStable() =>
        Gen.Char.Array[0, 40].Sample(chars =>
        {
            string once = CanonicalComposition.Compose(new string(chars));
            Assert.Equal(once, CanonicalComposition.Compose(once));
        });

    [Fact]
    public void Compose_AnEndlessRunOfMarks_IsOrderedInTimeThatGrowsWithIt()
    {
        string text = "a" + string.Concat(Enumerable.Repeat("\u0301\u0323", 200_000));
        string composed = CanonicalComposition.Compose(text);
        Assert.StartsWith("\u1EA1\u0323", composed, StringComparison.Ordinal);
        Assert.Equal(text.Length - 1, composed.Length);
    }
}
