using System.Collections.Immutable;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Text;

/// <summary>Synonyms by word, part of speech and sense, compact in memory; look-ups allocate nothing.</summary>
/// <remarks>Immutable; safe for use by several threads. Look-ups ignore case.</remarks>
public sealed class SynonymTable
{
    private readonly char[] _pool;
    private readonly int[] _wordStart;
    private readonly int[] _buckets;
    private readonly int[] _groupStart;
    private readonly byte[] _groupHeader;
    private readonly int[] _senseStart;
    private readonly int[] _senses;
    private readonly int[] _memberStart;
    private readonly int[] _members;
    private readonly ImmutableArray<(int Form, int Lemma, PartOfSpeech Pos)> _irregular;
    private readonly Dictionary<int, int> _irregularByForm = [];
    private readonly HashSet<int> _irregularLemmas = [];

    private SynonymTable(SynonymTableBuilder source)
    {
        // Words are ordered, so that one set of words gives one file whatever the order of addition.
        int[] order = [.. Enumerable.Range(0, source.Words.Count).OrderBy(i => source.Words[i].ToLowerInvariant(), StringComparer.Ordinal)];
        int[] rank = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
            rank[order[i]] = i;

        _wordStart = new int[order.Length + 1];
        for (int i = 0; i < order.Length; i++)
            _wordStart[i + 1] = _wordStart[i] + source.Words[order[i]].Length;
        _pool = new char[_wordStart[^1]];
        for (int i = 0; i < order.Length; i++)
            source.Words[order[i]].CopyTo(_pool.AsSpan(_wordStart[i]));

        _memberStart = new int[source.Synsets.Count + 1];
        for (int s = 0; s < source.Synsets.Count; s++)
            _memberStart[s + 1] = _memberStart[s] + source.Synsets[s].Length;
        _members = [.. source.Synsets.SelectMany(s => s.Select(m => rank[m]))];

        _groupStart = new int[order.Length + 1];
        var headers = new List<byte>();
        var senseStart = new List<int> { 0 };
        var senses = new List<int>();
        for (int i = 0; i < order.Length; i++)
        {
            foreach ((PartOfSpeech pos, int frequency, int[] synsets) in source.Senses.GetValueOrDefault(order[i]) ?? [])
            {
                headers.Add((byte)((int)pos | (frequency << 2)));
                senses.AddRange(synsets);
                senseStart.Add(senses.Count);
            }

            _groupStart[i + 1] = headers.Count;
        }

        _groupHeader = [.. headers];
        _senseStart = [.. senseStart];
        _senses = [.. senses];
        _irregular = [.. source.Irregular.Select(r => (rank[r.Form], rank[r.Lemma], r.Pos)).Distinct().Order()];
        foreach ((int form, int lemma, PartOfSpeech pos) in _irregular)
        {
            _irregularByForm.TryAdd((form << 2) | (int)pos, lemma);
            _irregularLemmas.Add((lemma << 2) | (int)pos);
        }

        _buckets = BuildBuckets();
    }

    /// <summary>Gets the number of words.</summary>
    public int Count => _wordStart.Length - 1;

    /// <summary>Finds a word's number, or -1. Allocates nothing.</summary>
    public int Find(ReadOnlySpan<char> word)
    {
        uint mask = (uint)_buckets.Length - 1;
        for (uint b = Hash(word) & mask; _buckets[b] != 0; b = (b + 1) & mask)
        {
            int id = _buckets[b] - 1;
            if (WordAt(id).Equals(word, StringComparison.OrdinalIgnoreCase))
                return id;
        }

        return -1;
    }

    /// <summary>Gets the word of a number; proper names carry their capitals.</summary>
    /// <param name="id">In [0, <see cref="Count"/>).</param>
    public ReadOnlySpan<char> WordAt(int id) => _pool.AsSpan(_wordStart[id].._wordStart[id + 1]);

    /// <summary>Tells how common a word is as a part of speech: 0 to 15, or -1 where it is none. Allocates nothing.</summary>
    public int Frequency(int id, PartOfSpeech pos)
    {
        for (int g = _groupStart[id]; g < _groupStart[id + 1]; g++)
        {
            if ((_groupHeader[g] & 3) == (int)pos)
                return _groupHeader[g] >> 2;
        }

        return -1;
    }

    /// <summary>Gets the sets that a word belongs to as a part of speech, the most frequent sense first. Allocates nothing.</summary>
    public ReadOnlySpan<int> Senses(int id, PartOfSpeech pos)
    {
        for (int g = _groupStart[id]; g < _groupStart[id + 1]; g++)
        {
            if ((_groupHeader[g] & 3) == (int)pos)
                return _senses.AsSpan(_senseStart[g].._senseStart[g + 1]);
        }

        return [];
    }

    /// <summary>Gets the word numbers of a set. Allocates nothing.</summary>
    public ReadOnlySpan<int> Members(int synset) => _members.AsSpan(_memberStart[synset].._memberStart[synset + 1]);

    /// <summary>Gets all synonyms of a word over all its senses, without the word itself, each once, the most frequent sense first.</summary>
    public ImmutableArray<string> Synonyms(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        int id = Find(word);
        if (id < 0)
            return [];
        var found = new List<int>();
        for (int g = _groupStart[id]; g < _groupStart[id + 1]; g++)
        {
            foreach (int synset in _senses.AsSpan(_senseStart[g].._senseStart[g + 1]))
            {
                foreach (int member in Members(synset))
                {
                    if (member != id && !found.Contains(member))
                        found.Add(member);
                }
            }
        }

        return [.. found.Select(m => WordAt(m).ToString())];
    }

    /// <summary>Draws a synonym: senses weigh 1/rank by frequency, members of a sense weigh the same. Allocates nothing.</summary>
    /// <param name="id">A word's number.</param>
    /// <param name="pos">The part of speech to stay within.</param>
    /// <param name="filter">Which members may be drawn.</param>
    /// <param name="random">The stream.</param>
    /// <returns>The synonym's number, or -1 where none passes.</returns>
    public int Draw(int id, PartOfSpeech pos, SynonymFilter filter, ref CounterRandom random)
    {
        ReadOnlySpan<int> senses = Senses(id, pos);
        double total = 0;
        for (int s = 0; s < senses.Length; s++)
        {
            if (CountAllowed(senses[s], id, pos, filter) > 0)
                total += 1.0 / (s + 1);
        }

        if (total == 0)
            return -1;
        double target = random.NextDouble() * total;
        int chosen = -1;
        for (int s = 0; s < senses.Length && target >= 0; s++)
        {
            if (CountAllowed(senses[s], id, pos, filter) == 0)
                continue;
            chosen = senses[s];
            target -= 1.0 / (s + 1);
        }

        int index = random.NextInt32(CountAllowed(chosen, id, pos, filter));
        foreach (int member in Members(chosen))
        {
            if (IsAllowed(member, id, pos, filter) && index-- == 0)
                return member;
        }

        return -1;
    }

    /// <summary>Finds the base form of an irregular form, such as <c>child</c> of <c>children</c>; -1 where none is known. Allocates nothing.</summary>
    public int IrregularLemma(int form, PartOfSpeech pos) => _irregularByForm.GetValueOrDefault((form << 2) | (int)pos, -1);

    /// <summary>Tells whether a word has irregular forms as a part of speech. Allocates nothing.</summary>
    public bool IsIrregular(int id, PartOfSpeech pos) => _irregularLemmas.Contains((id << 2) | (int)pos);

    internal int SynsetCount => _memberStart.Length - 1;

    internal ImmutableArray<(int Form, int Lemma, PartOfSpeech Pos)> Irregular => _irregular;

    internal int GroupCount(int id) => _groupStart[id + 1] - _groupStart[id];

    internal byte GroupHeader(int id, int group) => _groupHeader[_groupStart[id] + group];

    internal ReadOnlySpan<int> GroupSenses(int id, int group) =>
        _senses.AsSpan(_senseStart[_groupStart[id] + group].._senseStart[_groupStart[id] + group + 1]);

    internal static SynonymTable FromBuilder(SynonymTableBuilder builder) => new(builder);

    private int CountAllowed(int synset, int id, PartOfSpeech pos, SynonymFilter filter)
    {
        int count = 0;
        foreach (int member in Members(synset))
        {
            if (IsAllowed(member, id, pos, filter))
                count++;
        }

        return count;
    }

    private bool IsAllowed(int member, int id, PartOfSpeech pos, SynonymFilter filter)
    {
        if (member == id)
            return false;
        if (filter == SynonymFilter.Any)
            return true;
        foreach (char c in WordAt(member))
        {
            if (char.IsUpper(c) || char.IsDigit(c) || c == '.' || (filter == SynonymFilter.Inflectable && !char.IsLetter(c)))
                return false;
        }

        return filter != SynonymFilter.Inflectable || !IsIrregular(member, pos);
    }

    private int[] BuildBuckets()
    {
        int size = 16;
        while (size < Count * 2)
            size *= 2;
        int[] buckets = new int[size];
        for (int id = 0; id < Count; id++)
        {
            uint b = Hash(WordAt(id)) & (uint)(size - 1);
            while (buckets[b] != 0)
                b = (b + 1) & (uint)(size - 1);
            buckets[b] = id + 1;
        }

        return buckets;
    }

    // FNV-1a over the lower-cased characters.
    private static uint Hash(ReadOnlySpan<char> word)
    {
        uint hash = 2166136261;
        foreach (char c in word)
            hash = (hash ^ char.ToLowerInvariant(c)) * 16777619;
        return hash ^ (hash >> 15);
    }
}
