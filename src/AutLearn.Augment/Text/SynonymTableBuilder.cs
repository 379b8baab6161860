namespace AutLearn.Augment.Text;

/// <summary>Collects synonym sets and compiles them into a <see cref="SynonymTable"/>.</summary>
/// <remarks>Not safe for use by several threads.</remarks>
public sealed class SynonymTableBuilder
{
    internal const int MaxFrequency = 15;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    internal List<string> Words { get; } = [];

    internal List<int[]> Synsets { get; } = [];

    internal Dictionary<int, List<(PartOfSpeech Pos, int Frequency, int[] Synsets)>> Senses { get; } = [];

    internal List<(int Form, int Lemma, PartOfSpeech Pos)> Irregular { get; } = [];

    /// <summary>Adds a set of words that share one meaning.</summary>
    /// <param name="members">At least one word; a blank joins the parts of a compound. Capitals are kept; look-ups ignore them.</param>
    /// <returns>The set's number, from 0.</returns>
    /// <exception cref="ArgumentException">The set is empty, or a word is.</exception>
    public int AddSynset(IReadOnlyList<string> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (members.Count == 0)
            throw new ArgumentException("A synonym set needs a word.", nameof(members));
        Synsets.Add([.. members.Select(IdOf).Distinct()]);
        return Synsets.Count - 1;
    }

    /// <summary>Says which meanings a word has as one part of speech.</summary>
    /// <param name="word">The word; each of the sets should contain it.</param>
    /// <param name="pos">The part of speech.</param>
    /// <param name="frequency">How common the word is as this part of speech, from 0 (unseen) to 15, on a logarithmic scale.</param>
    /// <param name="synsets">Set numbers, the most frequent meaning first.</param>
    /// <exception cref="ArgumentException">A set does not exist.</exception>
    public void AddSenses(string word, PartOfSpeech pos, int frequency, IReadOnlyList<int> synsets)
    {
        ArgumentNullException.ThrowIfNull(synsets);
        ArgumentOutOfRangeException.ThrowIfNegative(frequency);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frequency, MaxFrequency);
        if (synsets.Any(s => s < 0 || s >= Synsets.Count))
            throw new ArgumentException($"Word '{word}' names a synonym set that does not exist.", nameof(synsets));
        int id = IdOf(word);
        if (!Senses.TryGetValue(id, out var senses))
            Senses.Add(id, senses = []);
        senses.Add((pos, frequency, [.. synsets]));
    }

    /// <summary>Adds an inflected form that no rule explains, such as <c>went</c> of <c>go</c>.</summary>
    public void AddIrregular(string form, string lemma, PartOfSpeech pos) => Irregular.Add((IdOf(form), IdOf(lemma), pos));

    /// <summary>Compiles the table.</summary>
    public SynonymTable Build() => SynonymTable.FromBuilder(this);

    private int IdOf(string word)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(word);
        string key = word.ToLowerInvariant();
        if (_ids.TryGetValue(key, out int id))
        {
            // A word known in lower case stays so: "may" is not only "May".
            if (word == key)
                Words[id] = word;
            return id;
        }

        _ids.Add(key, id = Words.Count);
        Words.Add(word);
        return id;
    }
}
