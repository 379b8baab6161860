using System.Collections.Immutable;
using System.Text;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Text;

/// <summary>Easy data augmentation, equal in distribution to the program that its authors published.</summary>
/// <remarks>
/// <para>For comparisons with the literature; apps want <see cref="Eda"/>. Kept on purpose: lower-casing and removal of everything but
/// letters, replacement of every occurrence of a word, stop words as a source of insertions, duplicates, the cleaned original as last
/// result, and int(count / 4) + 1 sentences an operation of which a random choice is kept.</para>
/// <para>Wei and Zou 2019, arXiv:1901.11196. The published program fails on a text without words; here the result is empty.
/// Immutable; safe for use by several threads.</para>
/// </remarks>
public sealed class ReferenceEda
{
    private readonly SynonymTable _table;
    private readonly EdaOptions _options;

    /// <summary>Creates the augmenter with the published defaults (alpha 0.1 each, nine sentences) and WordNet.</summary>
    public ReferenceEda()
        : this(new EdaOptions())
    {
    }

    /// <summary>Creates the augmenter; the segmenter of the options is not used.</summary>
    public ReferenceEda(EdaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _table = options.Synonyms ?? WordNet.Synonyms;
        _options = new EdaOptions
        {
            SynonymReplacement = options.SynonymReplacement,
            RandomInsertion = options.RandomInsertion,
            RandomSwap = options.RandomSwap,
            RandomDeletion = options.RandomDeletion,
            Count = options.Count,
            Seed = options.Seed,
            StopWords = options.StopWords,
        };
    }

    /// <summary>Augments one sentence.</summary>
    /// <param name="sentence">Any text.</param>
    /// <param name="sample">The sentence's stable index.</param>
    /// <returns>The new sentences, then the cleaned original; nothing for a text without letters.</returns>
    public ImmutableArray<string> Augment(string sentence, long sample = 0)
    {
        ArgumentNullException.ThrowIfNull(sentence);
        string cleaned = Clean(sentence);
        string[] words = cleaned.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
            return [];
        CounterRandom random = CounterRandom.For(_options.Seed, 0, sample);
        int each = (_options.Count / 4) + 1;
        var results = new List<string>();
        for (int i = 0; i < each && _options.SynonymReplacement > 0; i++)
            results.Add(Join(ReplaceSynonyms(words, CountFor(_options.SynonymReplacement, words), ref random)));
        for (int i = 0; i < each && _options.RandomInsertion > 0; i++)
            results.Add(Join(Insert(words, CountFor(_options.RandomInsertion, words), ref random)));
        for (int i = 0; i < each && _options.RandomSwap > 0; i++)
            results.Add(Join(Swap(words, CountFor(_options.RandomSwap, words), ref random)));
        for (int i = 0; i < each && _options.RandomDeletion > 0; i++)
            results.Add(Join(Delete(words, _options.RandomDeletion, ref random)));
        Shuffle(results, ref random);
        return [.. results.Take(_options.Count).Select(Clean), cleaned];
    }

    /// <summary>Lower-cases, drops apostrophes, turns all else but a to z into blanks, joins blanks and drops a leading one.</summary>
    internal static string Clean(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (char c in text.ToLowerInvariant())
        {
            if (c is '\'' or '\u2019')
                continue;
            char next = c is >= 'a' and <= 'z' ? c : ' ';
            if (next != ' ' || (kept.Length > 0 && kept[^1] != ' '))
                kept.Append(next);
        }

        return kept.ToString();
    }

    /// <summary>All synonyms over all parts of speech and senses of all base forms, reduced to letters and blanks, without the word.</summary>
    internal ImmutableArray<string> Synonyms(string word)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        Span<(int Id, Inflection Inflection)> bases = stackalloc (int, Inflection)[4];
        for (var pos = PartOfSpeech.Noun; pos <= PartOfSpeech.Adverb; pos++)
        {
            int count = Lemmatizer.FindBases(_table, word, pos, bases);
            foreach ((int id, _) in bases[..count])
            {
                foreach (int synset in _table.Senses(id, pos))
                {
                    foreach (int member in _table.Members(synset))
                        found.Add(Letters(_table.WordAt(member)));
                }
            }
        }

        found.Remove(word);
        return [.. found];
    }

    internal string[] ReplaceSynonyms(string[] words, int n, ref CounterRandom random)
    {
        string[] result = [.. words];
        var candidates = words.Where(w => !_options.StopWords.Contains(w)).Distinct().ToList();
        Shuffle(candidates, ref random);
        int replaced = 0;
        foreach (string candidate in candidates)
        {
            ImmutableArray<string> synonyms = Synonyms(candidate);
            if (synonyms.Length == 0)
                continue;
            string synonym = synonyms[random.NextInt32(synonyms.Length)];
            for (int i = 0; i < result.Length; i++)
            {
                if (result[i] == candidate)
                    result[i] = synonym;
            }

            if (++replaced >= n)
                break;
        }

        // A synonym of several words counts as several from here on, as in the published program.
        return Join(result).Split(' ');
    }

    internal string[] Insert(string[] words, int n, ref CounterRandom random)
    {
        var result = words.ToList();
        for (int i = 0; i < n; i++)
        {
            // Ten draws are allowed, but the tenth is never used.
            for (int attempt = 0; attempt < 9; attempt++)
            {
                ImmutableArray<string> synonyms = Synonyms(result[random.NextInt32(result.Count)]);
                if (synonyms.Length == 0)
                    continue;

                // The published program takes the first of a hash set, whose order is arbitrary.
                string synonym = synonyms[random.NextInt32(synonyms.Length)];
                result.Insert(random.NextInt32(result.Count), synonym);
                break;
            }
        }

        return [.. result];
    }

    internal static string[] Swap(string[] words, int n, ref CounterRandom random)
    {
        string[] result = [.. words];
        for (int i = 0; i < n; i++)
        {
            int first = random.NextInt32(result.Length);
            int second = first;

            // Four draws are allowed, but the fourth is never used.
            for (int attempt = 0; attempt < 3 && second == first; attempt++)
                second = random.NextInt32(result.Length);
            (result[first], result[second]) = (result[second], result[first]);
        }

        return result;
    }

    internal static string[] Delete(string[] words, double probability, ref CounterRandom random)
    {
        if (words.Length == 1)
            return words;
        var kept = new List<string>(words.Length);
        foreach (string word in words)
        {
            if (!random.NextBool(probability))
                kept.Add(word);
        }

        return kept.Count > 0 ? [.. kept] : [words[random.NextInt32(words.Length)]];
    }

    private static int CountFor(double alpha, string[] words) => Math.Max(1, (int)(alpha * words.Length));

    private static string Join(string[] words) => string.Join(' ', words);

    private static string Letters(ReadOnlySpan<char> word)
    {
        var letters = new StringBuilder(word.Length);
        foreach (char c in word)
        {
            char lower = char.ToLowerInvariant(c);
            if (lower is >= 'a' and <= 'z')
                letters.Append(lower);
            else if (c is ' ' or '-')
                letters.Append(' ');
        }

        return letters.ToString();
    }

    private static void Shuffle<T>(List<T> items, ref CounterRandom random)
    {
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = random.NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
