using System.Collections.Frozen;
using System.Collections.Immutable;
using AutLearn.Augment.Text;
using CsCheck;

namespace AutLearn.Augment.Tests.Text;

[Trait("Category", "Unit")]
public sealed class EdaTests
{
    private const string Sentence = "The quick film, which my 2 friends praised, was GREAT 😀 and it stopped me from leaving early.";

    [Fact]
    public void Augment_Defaults_NineDistinctSentencesThatDiffer()
    {
        ImmutableArray<string> results = new Eda(new EdaOptions()).Augment(Sentence);
        Assert.Equal(9, results.Length);
        Assert.Equal(9, results.Distinct().Count());
        Assert.DoesNotContain(Sentence, results);
        Assert.All(results, r => Assert.Contains("😀", r, StringComparison.Ordinal));
        Assert.All(results, r => Assert.Contains("2", r, StringComparison.Ordinal));
    }

    [Fact]
    public void Augment_SameSeed_SameSentences_OtherSampleOrEpochOthers()
    {
        var first = new Eda(new EdaOptions { Seed = 3 });
        var second = new Eda(new EdaOptions { Seed = 3 });
        Assert.Equal(first.Augment(Sentence, 5, 1).AsEnumerable(), second.Augment(Sentence, 5, 1));
        Assert.NotEqual(first.Augment(Sentence, 5, 1).AsEnumerable(), first.Augment(Sentence, 6, 1));
        Assert.NotEqual(first.Augment(Sentence, 5, 1).AsEnumerable(), first.Augment(Sentence, 5, 2));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("😀🎉")]
    [InlineData("42")]
    public void Augment_NoWords_IsEmpty(string text) => Assert.Empty(new Eda(new EdaOptions()).Augment(text));

    [Fact]
    public void Augment_OneWord_OffersOnlySynonymsAndInsertions()
    {
        ImmutableArray<string> results = new Eda(new EdaOptions()).Augment("Movie");
        Assert.NotEmpty(results);
        Assert.All(results, r => Assert.True(char.IsUpper(r[0]), r));
    }

    [Fact]
    public void AugmentOnce_SynonymReplacement_KeepsCasePunctuationAndEnding()
    {
        var table = SynonymTable("movie film", "stop halt", "great superb");
        var eda = new Eda(Only(EdaOperation.SynonymReplacement, 1, table));
        Assert.Equal("FILM, Films: halted!  Superb", eda.AugmentOnce("MOVIE, Movies: stopped!  Great", 0));
    }

    [Fact]
    public void AugmentOnce_StopWord_IsNeverReplacedNorInserted()
    {
        var table = SynonymTable("the ye", "film movie");
        foreach (EdaOperation operation in new[] { EdaOperation.SynonymReplacement, EdaOperation.RandomInsertion })
        {
            var eda = new Eda(Only(operation, 1, table));
            for (int sample = 0; sample < 50; sample++)
                Assert.DoesNotContain("ye", eda.AugmentOnce("the film the film", sample), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AugmentOnce_Deletion_KeepsPunctuationAndOneBlank()
    {
        var eda = new Eda(Only(EdaOperation.RandomDeletion, 0.01));
        var results = Enumerable.Range(0, 200).Select(i => eda.AugmentOnce("one, two (three) four.", i)).ToHashSet();
        Assert.Subset(new HashSet<string> { ", two (three) four.", "one, (three) four.", "one, two () four.", "one, two (three)." }, results);
        Assert.Equal(4, results.Count);
    }

    [Fact]
    public void AugmentOnce_Swap_KeepsTheWords()
    {
        var eda = new Eda(Only(EdaOperation.RandomSwap, 0.1));
        var results = Enumerable.Range(0, 100).Select(i => eda.AugmentOnce("a b c", i)).ToHashSet();
        Assert.Equal(["a c b", "b a c", "c b a"], results.Order());
    }

    [Fact]
    public void AugmentWithOffsets_AnyOperation_WordsAreWhereTheOffsetsSay()
    {
        var eda = new Eda(new EdaOptions());
        string[] words = ["Some", "people", "like", "watching", "old", "films"];
        for (int sample = 0; sample < 200; sample++)
        {
            AugmentedText augmented = eda.AugmentWithOffsets(string.Join(' ', words), sample);
            Assert.Equal(
                augmented.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length,
                augmented.Words.Sum(w => augmented.Text.Substring(w.Start, w.Length).Split(' ').Length));
            int[] sources = [.. augmented.Words.Select(w => w.SourceWord).Where(s => s >= 0)];
            Assert.Equal(sources.Length, sources.Distinct().Count());
            int unchanged = augmented.Words.Count(w => w.SourceWord >= 0 && words[w.SourceWord] == augmented.Text.Substring(w.Start, w.Length));
            Assert.InRange(sources.Length - unchanged, 0, 1);
        }
    }

    [Fact]
    public void Augment_ChineseWithSegmenterAndTable_ReplacesWords()
    {
        var table = SynonymTableFile.Parse(new StringReader("# 同义词\n电影\t影片\n喜欢\t喜爱\n"), "zh.tsv");
        EdaOptions options = Only(EdaOperation.SynonymReplacement, 1, table);
        options.Segmenter = new TwoCharacterSegmenter();
        Assert.Equal("我们喜爱影片。", new Eda(options).AugmentOnce("我们喜欢电影。", 0));
    }

    [Fact]
    public void Augment_AnyUnicode_NeverFailsAndNeverRepeatsTheOriginal()
    {
        var eda = new Eda(new EdaOptions { Count = 4 });
        Gen.Char.Array[0, 40].Select(c => new string(c)).Sample(
            text =>
            {
                ImmutableArray<string> results = eda.Augment(text);
                Assert.DoesNotContain(text, results);
                Assert.Equal(results.Length, results.Distinct().Count());
            },
            iter: 3000);
    }

    [Fact]
    public void Augment_TokensThatAreNoPlainWords_StayWhole()
    {
        string[] whole =
        [
            "\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F1E9\U0001F1EA", "\U0001F44D\U0001F3FD", "\u2764\uFE0F\u200D\U0001FA79", "1\uFE0F\u20E3",
            "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "cafe\u0301", "\u0939\u093F\u0928\u094D\u0926\u0940", "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645",
            "\u0915\u094D\u200D\u0937", "ab\u00ADcd", "1,234.56", "don't", "me@example.org", "https://example.org/a?b=c", "#happy", "@friend", "C++", "AT&T", "3:30pm", "50%", "$5.99", "well-known", "U.S.", "e.g.",
        ];
        string[] parts = [.. whole, "happy", "dog", "walked"];
        var eda = new Eda(new EdaOptions { SynonymReplacement = 0.5, RandomInsertion = 0.5, RandomSwap = 0.5, RandomDeletion = 0.5, Count = 16, Seed = 5 });
        int results = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            string[] words = [.. Enumerable.Range(0, 8).Select(_ => parts[random.Next(parts.Length)])];
            foreach (string result in eda.Augment(string.Join(' ', words), seed))
            {
                results++;
                foreach (string word in result.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    Assert.True(words.Contains(word) || word.All(char.IsAsciiLetter) || word.All(c => char.IsAsciiLetter(c) || c is '-' or '\'' or '_'), $"'{word}' in '{result}' is no word of '{string.Join(' ', words)}' and no synonym.");
            }
        }

        Assert.True(results > 3000);
    }

    [Theory]
    [InlineData("s")]
    [InlineData("t")]
    [InlineData("I")]
    [InlineData("a")]
    [InlineData("c")]
    [InlineData("X")]
    public void Augment_SingleLetters_AreNoNouns(string letter)
    {
        var eda = new Eda(new EdaOptions { SynonymReplacement = 1, RandomInsertion = 1, RandomSwap = 0, RandomDeletion = 0, StopWords = FrozenSet<string>.Empty });
        for (int sample = 0; sample < 20; sample++)
            Assert.Empty(eda.Augment($"{letter} {letter}", sample));
    }

    [Fact]
    public void Augment_Warm_AllocatesOnlyTheResults()
    {
        var eda = new Eda(new EdaOptions());
        for (int i = 0; i < 200; i++)
            eda.Augment(Sentence, i);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ImmutableArray<string> results = eda.Augment(Sentence, 500);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        long strings = results.Sum(r => 22 + (2L * r.Length) + 7 & ~7L);
        long array = 24 + (8L * results.Length);
        Assert.InRange(allocated, strings + array - 64, strings + array + 64);
    }

    private static EdaOptions Only(EdaOperation operation, double rate, SynonymTable? table = null) => new()
    {
        SynonymReplacement = operation == EdaOperation.SynonymReplacement ? rate : 0,
        RandomInsertion = operation == EdaOperation.RandomInsertion ? rate : 0,
        RandomSwap = operation == EdaOperation.RandomSwap ? rate : 0,
        RandomDeletion = operation == EdaOperation.RandomDeletion ? rate : 0,
        Synonyms = table,
    };

    private static SynonymTable SynonymTable(params string[] pairs)
    {
        var builder = new SynonymTableBuilder();
        foreach (string pair in pairs)
        {
            string[] words = pair.Split(' ');
            int set = builder.AddSynset(words);
            foreach (string word in words)
            {
                builder.AddSenses(word, PartOfSpeech.Noun, 1, [set]);
                builder.AddSenses(word, PartOfSpeech.Verb, word is "stop" or "halt" ? 5 : 0, [set]);
            }
        }

        builder.AddIrregular("stopped", "stop", PartOfSpeech.Verb);
        return builder.Build();
    }

    private sealed class TwoCharacterSegmenter : ITextSegmenter
    {
        public string Separator => "";

        public (int Start, int Length) NextWord(ReadOnlySpan<char> text, int from)
        {
            while (from + 1 < text.Length && !(char.IsLetter(text[from]) && char.IsLetter(text[from + 1])))
                from++;
            return from + 1 < text.Length ? (from, 2) : (text.Length, 0);
        }
    }
}
