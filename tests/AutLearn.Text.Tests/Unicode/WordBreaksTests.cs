using AutLearn.Text.Unicode;
using CsCheck;

namespace AutLearn.Text.Tests.Unicode;

[Trait("Category", "Conformance")]
public sealed class WordBreaksTests
{
    [Fact]
    public void Next_EveryLineOfWordBreakTest_FindsItsBoundaries()
    {
        int lines = 0;
        var failed = new List<string>();
        foreach (string line in ConformanceLines.Of("WordBreakTest.txt"))
        {
            lines++;
            string[] segments = [.. line.Split('÷', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(s => ConformanceLines.Text(s.Replace("×", "", StringComparison.Ordinal)))];
            if (!Segments(string.Concat(segments)).SequenceEqual(segments))
                failed.Add(line);
        }

        Assert.Empty(failed);
        Assert.Equal(1944, lines);
    }

    [Fact]
    public void Next_AnyText_CoversItWithoutEmptySegments() =>
        Gen.Char.Array[0, 40].Sample(chars => Assert.Equal(new string(chars), string.Concat(Segments(new string(chars)))));

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void Next_OutsideOfTheText_Throws(int from) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => WordBreaks.Next("abc", from));

    private static List<string> Segments(string text)
    {
        var segments = new List<string>();
        for (int at = 0; at < text.Length;)
        {
            int end = WordBreaks.Next(text, at);
            Assert.True(end > at);
            segments.Add(text[at..end]);
            at = end;
        }

        return segments;
    }
}
