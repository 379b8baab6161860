using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Text;

/// <summary>Easy data augmentation of text that keeps case, punctuation, digits and emoji.</summary>
/// <remarks>
/// <para>Wei and Zou 2019, arXiv:1901.11196, with these departures: synonyms come from the word's likely part of speech, frequent senses
/// first, and take over regular endings; insertions draw only from content words; swaps always change the text; no result equals the
/// original or another result; empty and one-word texts are fine. <see cref="ReferenceEda"/> follows the published program instead.</para>
/// <para>Immutable; safe for use by several threads. Beyond the results nothing is allocated once warm.</para>
/// </remarks>
public sealed class Eda
{
    private const int AttemptsPerResult = 4;

    private readonly double[] _rates;
    private readonly EdaOperation[] _operations;
    private readonly int _count;
    private readonly long _seed;
    private readonly ITextSegmenter _segmenter;
    private readonly SynonymChooser _synonyms;
    private readonly ConcurrentBag<EdaSentence> _sentences = [];

    /// <summary>Creates an augmenter.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public Eda(EdaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _rates = [options.SynonymReplacement, options.RandomInsertion, options.RandomSwap, options.RandomDeletion];
        foreach (double rate in _rates)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(rate, nameof(options));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(rate, 1, nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Count, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Count, 1000, nameof(options));
        _operations = [.. Enum.GetValues<EdaOperation>().Where(o => _rates[(int)o] > 0)];
        _count = options.Count;
        _seed = options.Seed;
        _segmenter = options.Segmenter;
        _synonyms = new(options.Synonyms ?? WordNet.Synonyms, options.StopWords);
    }

    /// <summary>Creates an augmenter with the strength and amount that the paper recommends for a training set's size (its table 3).</summary>
    /// <param name="trainingSentences">The sentences of the training set.</param>
    /// <param name="seed">The seed.</param>
    public static Eda Recommended(int trainingSentences, long seed = 0)
    {
        (double alpha, int count) = RecommendedStrength(trainingSentences);
        return new(new EdaOptions
        {
            SynonymReplacement = alpha,
            RandomInsertion = alpha,
            RandomSwap = alpha,
            RandomDeletion = alpha,
            Count = count,
            Seed = seed,
        });
    }

    /// <summary>Gets the share of changed words and the number of new sentences that the paper recommends (its table 3).</summary>
    /// <param name="trainingSentences">The sentences of the training set, at least 0.</param>
    public static (double Alpha, int Count) RecommendedStrength(int trainingSentences)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trainingSentences);
        return trainingSentences switch
        {
            <= 500 => (0.05, 16),
            <= 2000 => (0.05, 8),
            _ => (0.1, 4),
        };
    }

    /// <summary>Makes new sentences from one, none equal to it or to another.</summary>
    /// <param name="sentence">Any text.</param>
    /// <param name="sample">The sentence's stable index; together with the seed and the epoch it decides the result.</param>
    /// <param name="epoch">The pass over the data.</param>
    /// <returns>At most <see cref="EdaOptions.Count"/> sentences; fewer where the text offers no more, none for a text without words.</returns>
    public ImmutableArray<string> Augment(string sentence, long sample = 0, long epoch = 0)
    {
        ArgumentNullException.ThrowIfNull(sentence);
        if (_operations.Length == 0)
            return [];
        EdaSentence edited = Rent();
        string[] results = ArrayPool<string>.Shared.Rent(_count);
        int found = 0;
        try
        {
            for (int attempt = 0; attempt < _count * AttemptsPerResult && found < _count; attempt++)
            {
                if (TryEdit(edited, sentence, attempt, sample, epoch) && !Contains(results.AsSpan(0, found), edited))
                    results[found++] = edited.Compose();
            }

            return ImmutableArray.Create(results, 0, found);
        }
        finally
        {
            ArrayPool<string>.Shared.Return(results, clearArray: true);
            _sentences.Add(edited);
        }
    }

    /// <summary>Makes one new sentence, for streams where each sample is augmented on the fly.</summary>
    /// <param name="sentence">Any text.</param>
    /// <param name="sample">The sentence's stable index.</param>
    /// <param name="epoch">The pass over the data.</param>
    /// <returns>The new sentence; the original itself where it offers no change.</returns>
    public string AugmentOnce(string sentence, long sample, long epoch = 0)
    {
        ArgumentNullException.ThrowIfNull(sentence);
        EdaSentence edited = Rent();
        try
        {
            return TryAny(edited, sentence, sample, epoch) ? edited.Compose() : sentence;
        }
        finally
        {
            _sentences.Add(edited);
        }
    }

    /// <summary>Makes one new sentence and tells where its words come from, so that labels on words, or next-word targets, stay aligned.</summary>
    public AugmentedText AugmentWithOffsets(string sentence, long sample, long epoch = 0)
    {
        ArgumentNullException.ThrowIfNull(sentence);
        EdaSentence edited = Rent();
        try
        {
            if (!TryAny(edited, sentence, sample, epoch))
                edited.Load(sentence, _segmenter);
            return new(edited.Compose(), [.. edited.Offsets()]);
        }
        finally
        {
            _sentences.Add(edited);
        }
    }

    private EdaSentence Rent() => _sentences.TryTake(out EdaSentence? sentence) ? sentence : new EdaSentence();

    private bool TryAny(EdaSentence edited, string sentence, long sample, long epoch)
    {
        for (int attempt = 0; attempt < _operations.Length * 2; attempt++)
        {
            if (TryEdit(edited, sentence, attempt, sample, epoch))
                return true;
        }

        return false;
    }

    private bool TryEdit(EdaSentence edited, string sentence, int attempt, long sample, long epoch)
    {
        // The first operation is random, the following attempts take the others in turn, so that each has its share.
        CounterRandom start = CounterRandom.For(_seed, epoch, sample);
        int first = start.NextInt32(_operations.Length);
        EdaOperation operation = _operations[(first + attempt) % _operations.Length];
        CounterRandom random = CounterRandom.For(_seed, epoch, sample, attempt + 1);
        edited.Load(sentence, _segmenter);
        if (edited.WordCount == 0)
            return false;
        double rate = _rates[(int)operation];
        int n = Math.Max(1, (int)(rate * edited.WordCount));
        bool changed = operation switch
        {
            EdaOperation.SynonymReplacement => ReplaceWords(edited, n, ref random),
            EdaOperation.RandomInsertion => InsertWords(edited, n, ref random),
            EdaOperation.RandomSwap => SwapWords(edited, n, ref random),
            _ => DeleteWords(edited, rate, ref random),
        };
        return changed && !edited.Equals(sentence);
    }

    // Visits the words in a random cyclic order (a stride coprime to the count), which needs no shuffled copy.
    private bool ReplaceWords(EdaSentence edited, int n, ref CounterRandom random)
    {
        int count = edited.WordCount;
        int index = random.NextInt32(count);
        int stride = Coprime(count, ref random);
        int replaced = 0;
        Span<char> synonym = stackalloc char[SynonymChooser.MaxLength];
        for (int visited = 0; visited < count && replaced < n; visited++)
        {
            int length = _synonyms.Choose(edited, index, synonym, ref random);
            if (length > 0)
            {
                edited.Replace(index, synonym[..length]);
                replaced++;
            }

            index = (index + stride) % count;
        }

        return replaced > 0;
    }

    private bool InsertWords(EdaSentence edited, int n, ref CounterRandom random)
    {
        Span<char> synonym = stackalloc char[SynonymChooser.MaxLength];
        int inserted = 0;
        for (int i = 0; i < n; i++)
        {
            int count = edited.WordCount;
            int index = random.NextInt32(count);
            int stride = Coprime(count, ref random);
            for (int visited = 0; visited < count; visited++)
            {
                int length = _synonyms.Choose(edited, index, synonym, ref random);
                if (length > 0)
                {
                    // Never before the first word, whose capital belongs to the sentence.
                    if (edited.WordAt(index).Length > 0 && char.IsUpper(synonym[0]) && index == 0)
                        synonym[0] = char.ToLowerInvariant(synonym[0]);
                    edited.Insert(1 + random.NextInt32(count), synonym[..length], _segmenter.Separator);
                    inserted++;
                    break;
                }

                index = (index + stride) % count;
            }
        }

        return inserted > 0;
    }

    private static bool SwapWords(EdaSentence edited, int n, ref CounterRandom random)
    {
        int count = edited.WordCount;
        if (count < 2)
            return false;
        for (int i = 0; i < n; i++)
        {
            int first = random.NextInt32(count);
            int second = random.NextInt32(count - 1);
            edited.Swap(first, second >= first ? second + 1 : second);
        }

        return true;
    }

    private static bool DeleteWords(EdaSentence edited, double probability, ref CounterRandom random)
    {
        int count = edited.WordCount;
        if (count < 2)
            return false;
        int kept = random.NextInt32(count);
        int deleted = 0;
        for (int i = count - 1; i >= 0; i--)
        {
            if (i != kept && random.NextBool(probability))
            {
                edited.Delete(i);
                deleted++;
            }
        }

        // A short sentence would mostly stay as it is: one deletion is the least.
        if (deleted == 0)
        {
            int victim = random.NextInt32(count - 1);
            edited.Delete(victim >= kept ? victim + 1 : victim);
        }

        return true;
    }

    private static bool Contains(ReadOnlySpan<string> results, EdaSentence edited)
    {
        foreach (string result in results)
        {
            if (edited.Equals(result))
                return true;
        }

        return false;
    }

    private static int Coprime(int count, ref CounterRandom random)
    {
        if (count < 3)
            return 1;
        int stride = 1 + random.NextInt32(count - 1);
        while (GreatestCommonDivisor(stride, count) != 1)
            stride = (stride % (count - 1)) + 1;
        return stride;
    }

    private static int GreatestCommonDivisor(int a, int b)
    {
        while (b != 0)
            (a, b) = (b, a % b);
        return a;
    }
}
