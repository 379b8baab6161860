using AutLearn.Runtime;
using AutLearn.Samples.Keyboard;

namespace AutLearn.Samples.Tests;

[Trait("Category", "Unit")]
public sealed class WordTextTests
{
    [Fact]
    public void Split_EveryWordOfTheShippedVocabulary_IsFoundAgain()
    {
        using PersonalModel model = PersonalModel.Open(new KeyboardOptions().Package);
        var words = new Vocabulary(model.Manifest.Classes);
        Assert.Equal(5000, words.Words.Count);
        string[] lost = [.. words.Words.Skip(Vocabulary.Reserved).Where(w => !WordText.Split($"so {w.ToUpperInvariant()}, yes").Skip(1).Take(1).SequenceEqual([w]))];
        Assert.Empty(lost);
    }

    [Theory]
    [InlineData("'Tis o\u2019er. Yes!?", "'tis|o'er|.|yes|.")]
    [InlineData("the dogs' end 'quoted'", "the|dogs|end|'quoted")]
    [InlineData("Good\U0001F602 10:30 https://example.org/x so", "good|so")]
    [InlineData("caf\u00E9 cafe\u0301", "caf\u00E9|caf\u00E9")]
    [InlineData("wait... what", "wait|.|what")]
    [InlineData("", "")]
    public void Split_AText_GivesWordsAndSentenceEnds(string text, string expected) => Assert.Equal(expected, string.Join('|', WordText.Split(text)));
}
