namespace AutLearn.Samples.Keyboard;

/// <summary>The words that the network knows, by index, and what it sees of a text.</summary>
public sealed class Vocabulary
{
    /// <summary>The number of words before the next one that the network sees.</summary>
    public const int ContextLength = 3;

    /// <summary>The index of every word that is not in the vocabulary.</summary>
    public const int Unknown = 0;

    /// <summary>The index of the place before a sentence.</summary>
    public const int Start = 1;

    /// <summary>The number of indices before the first word.</summary>
    public const int Reserved = 2;

    /// <summary>The names of the two indices that are no words.</summary>
    public static IReadOnlyList<string> ReservedNames { get; } = ["<unknown>", "<start>"];

    private readonly Dictionary<string, int> _indices;

    /// <param name="words">By index; the reserved names come first.</param>
    /// <exception cref="ArgumentException">The reserved names do not come first, or a word comes twice.</exception>
    public Vocabulary(IReadOnlyList<string> words)
    {
        if (!words.Take(Reserved).SequenceEqual(ReservedNames))
            throw new ArgumentException($"A vocabulary begins with {string.Join(", ", ReservedNames)}.", nameof(words));
        Words = words;
        _indices = words.Select((word, index) => (word, index)).ToDictionary(w => w.word, w => w.index, StringComparer.Ordinal);
    }

    public IReadOnlyList<string> Words { get; }

    /// <summary>Gets the index of a lower-case word, or <see cref="Unknown"/>.</summary>
    public int IndexOf(string word) => _indices.TryGetValue(word, out int index) && index >= Reserved ? index : Unknown;

    /// <summary>Gets the indices of the last words of the sentence that a text ends in, after as many <see cref="Start"/> as are missing.</summary>
    public long[] Context(IEnumerable<string> words)
    {
        long[] context = StartOfSentence();
        foreach (string word in words)
            Advance(context, word);
        return context;
    }

    /// <summary>Gets the context before the first word.</summary>
    public static long[] StartOfSentence()
    {
        long[] context = new long[ContextLength];
        Array.Fill(context, Start);
        return context;
    }

    /// <summary>Moves a context on by one word, or back to the start where a sentence ends.</summary>
    public void Advance(long[] context, string word)
    {
        if (word == WordText.SentenceEnd)
        {
            Array.Fill(context, Start);
            return;
        }

        context.AsSpan(1).CopyTo(context);
        context[^1] = IndexOf(word);
    }
}
