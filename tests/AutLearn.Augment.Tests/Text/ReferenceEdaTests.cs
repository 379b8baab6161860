using System.Collections.Immutable;
using AutLearn.Augment.Randomness;
using AutLearn.Augment.Text;

namespace AutLearn.Augment.Tests.Text;

/// <summary>The rules of the published program, checked by counting over many seeds.</summary>
[Trait("Category", "Conformance")]
public sealed class ReferenceEdaTests
{
    private const string Sentence = "this movie is a fine story about the old house near our river";
    private static readonly string[] Words = Sentence.Split(' ');

    [Fact]
    public void StopWords_AreThe127() => Assert.Equal(127, StopWords.English.Count);

    [Theory]
    [InlineData("It's well-made,\tISN'T it?", "its well made isnt it ")]
    [InlineData("  4 Stars", "stars")]
    [InlineData("naïve", "na ve")]
    public void Clean_FollowsThePublishedRules(string text, string expected) => Assert.Equal(expected, ReferenceEda.Clean(text));

    [Fact]
    public void Augment_Defaults_NineThenTheOriginal()
    {
        ImmutableArray<string> results = new ReferenceEda().Augment(Sentence + "!");
        Assert.Equal(10, results.Length);
        Assert.Equal(Sentence + " ", results[^1]);
    }

    [Fact]
    public void Augment_NoWords_IsEmpty() => Assert.Empty(new ReferenceEda().Augment("42!"));

    [Fact]
    public void Augment_OperationsBeforeTheChoice_AreThreeEachSoNineOfTwelveStay()
    {
        // Deletions are the only results that are shorter, swaps the only permutations: each is 3 of 12, so 9 * 3/12 stay on average.
        var eda = new ReferenceEda(new EdaOptions { RandomDeletion = 0.3 });
        int permutations = 0;
        const int runs = 1000;
        for (int sample = 0; sample < runs; sample++)
        {
            permutations += eda.Augment(Sentence, sample).SkipLast(1).Count(r =>
                r != Sentence && r.Split(' ').Order().SequenceEqual(Words.Order()));
        }

        // A swap leaves the text as it is if three draws hit the same word: (1/13)^3. Standard error about 0.04.
        Assert.InRange(permutations / (double)runs, 2.25 - 0.2, 2.25 + 0.2);
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(12, 1)]
    [InlineData(20, 2)]
    [InlineData(30, 3)]
    public void ReplaceSynonyms_ChangesNWords(int length, int n)
    {
        Assert.Equal(n, Math.Max(1, (int)(0.1 * length)));
        var eda = new ReferenceEda();

        // A synonym such as "railway car" would hide that "car" was replaced.
        string[] words = [.. DistinctNouns.Where(w => !eda.Synonyms(w).Any(s => s.Split(' ').Intersect(DistinctNouns).Any())).Take(length)];
        Assert.Equal(length, words.Length);
        for (int seed = 0; seed < 50; seed++)
        {
            CounterRandom random = CounterRandom.For(seed);
            string[] replaced = eda.ReplaceSynonyms(words, n, ref random);
            Assert.Equal(n, words.Count(w => !replaced.Contains(w)));
        }
    }

    [Fact]
    public void ReplaceSynonyms_RepeatedWord_ReplacesEveryOccurrenceAlike()
    {
        var eda = new ReferenceEda();
        CounterRandom random = CounterRandom.For(1);
        string[] replaced = eda.ReplaceSynonyms(["car", "the", "car"], 1, ref random);
        Assert.Equal("the", replaced[replaced.Length / 2]);
        Assert.Equal(replaced[..(replaced.Length / 2)], replaced[((replaced.Length / 2) + 1)..]);
        Assert.DoesNotContain("car", string.Join(' ', replaced).Split(' ').Where((_, i) => i == 0 && replaced.Length == 3));
    }

    [Fact]
    public void ReplaceSynonyms_Choice_IsUniformOverTheSynonyms()
    {
        var eda = new ReferenceEda();
        ImmutableArray<string> synonyms = eda.Synonyms("movie");
        var counts = synonyms.ToDictionary(s => s, _ => 0);
        const int runs = 9000;
        for (int seed = 0; seed < runs; seed++)
        {
            CounterRandom random = CounterRandom.For(seed);
            counts[string.Join(' ', eda.ReplaceSynonyms(["movie"], 1, ref random))]++;
        }

        AssertUniform(counts.Values, runs);
    }

    [Fact]
    public void Insert_Position_IsUniformAndNeverLast()
    {
        var eda = new ReferenceEda();
        int[] counts = new int[Words.Length];
        const int runs = 13000;
        for (int seed = 0; seed < runs; seed++)
        {
            CounterRandom random = CounterRandom.For(seed);
            string[] inserted = eda.Insert(Words, 1, ref random);
            Assert.Equal(Words.Length + 1, inserted.Length);
            int at = 0;
            while (at < Words.Length && inserted[at] == Words[at])
                at++;
            counts[at]++;
            Assert.Equal(Words[^1], inserted[^1]);
        }

        AssertUniform(counts, runs);
    }

    [Fact]
    public void Swap_Pair_IsUniform()
    {
        string[] words = ["a", "b", "c", "d"];
        var counts = new Dictionary<string, int>();
        const int runs = 12000;
        for (int seed = 0; seed < runs; seed++)
        {
            CounterRandom random = CounterRandom.For(seed);
            string key = string.Concat(ReferenceEda.Swap(words, 1, ref random));
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        // Three draws that all hit the first word leave the text as it is: (1/4)^3.
        Assert.InRange(counts["abcd"] / (double)runs, (1 / 64.0) - 0.005, (1 / 64.0) + 0.005);
        counts.Remove("abcd");
        Assert.Equal(6, counts.Count);
        AssertUniform(counts.Values, runs * 63 / 64);
    }

    [Fact]
    public void Delete_EachWord_HasTheProbability()
    {
        int[] kept = new int[Words.Length];
        const int runs = 5000;
        for (int seed = 0; seed < runs; seed++)
        {
            CounterRandom random = CounterRandom.For(seed);
            string[] rest = ReferenceEda.Delete(Words, 0.1, ref random);
            for (int i = 0; i < Words.Length; i++)
                kept[i] += rest.Contains(Words[i]) ? 1 : 0;
        }

        Assert.All(kept, k => Assert.InRange(k / (double)runs, 0.88, 0.92));
    }

    [Fact]
    public void Delete_OneWordOrAll_KeepsOne()
    {
        CounterRandom random = CounterRandom.For(1);
        Assert.Equal(["word"], ReferenceEda.Delete(["word"], 1, ref random));
        Assert.Single(ReferenceEda.Delete(Words, 1, ref random));
    }

    [Fact]
    public void Synonyms_Movie_AreThoseOfWordNet() =>
        Assert.Equal(
            ["film", "flick", "motion picture", "motion picture show", "moving picture", "moving picture show", "pic", "picture", "picture show"],
            new ReferenceEda().Synonyms("movies").Where(s => s != "movie"));

    private static readonly string[] DistinctNouns =
    [
        "car", "movie", "house", "child", "teacher", "doctor", "ship", "road", "stone", "forest", "garden", "window", "picture", "story",
        "war", "king", "money", "price", "shop", "letter", "book", "sound", "voice", "friend", "enemy", "answer", "question", "mistake",
        "fear", "joy", "danger", "plan", "idea", "law", "crime", "bread", "horse", "bird", "tree", "queen", "tiger", "apple", "chair",
        "table", "lamp", "river", "bridge", "cloud", "snow", "winter", "pencil", "poem", "spoon", "violin", "elephant", "potato", "thunder", "uncle", "castle", "carrot", "lemon",
    ];

    // Chi-square below its 99.9 % point, by the approximation of Wilson and Hilferty.
    private static void AssertUniform(IReadOnlyCollection<int> counts, double total)
    {
        double expected = total / counts.Count;
        double chi = counts.Sum(c => (c - expected) * (c - expected) / expected);
        double k = counts.Count - 1;
        double limit = k * Math.Pow(1 - (2 / (9 * k)) + (3.09 * Math.Sqrt(2 / (9 * k))), 3);
        Assert.True(chi < limit, $"chi-square {chi:F1} exceeds {limit:F1}: {string.Join(' ', counts)}");
    }
}
