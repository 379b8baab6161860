using System.Collections.Frozen;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Text;

/// <summary>Chooses a synonym that fits a word's part of speech, ending and case. Allocates nothing.</summary>
internal sealed class SynonymChooser
{
    public const int MaxLength = 128;

    // How much a neighbour outweighs frequency, in steps of the logarithmic frequency scale.
    private const int ContextBonus = 6;

    private static readonly FrozenSet<string> BeforeNoun = Words("a an the this that these those my your his her its our their some any no every each");
    private static readonly FrozenSet<string> BeforeVerb = Words("to i you we they he she it who will would can could shall should may might must not don't didn't doesn't let");
    private static readonly FrozenSet<string> BeforeAdjective = Words("very so too quite really is are was were be been being am seems more most");

    private readonly SynonymTable _table;
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _stopWords;

    public SynonymChooser(SynonymTable table, FrozenSet<string> stopWords)
    {
        _table = table;
        _stopWords = stopWords.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Writes a synonym of one word of the sentence; returns its length, or 0 where there is none.</summary>
    public int Choose(EdaSentence sentence, int index, Span<char> target, ref CounterRandom random)
    {
        ReadOnlySpan<char> word = sentence.WordAt(index);
        if (word.Length > MaxLength / 2 || _stopWords.Contains(word))
            return 0;

        // WordNet has every letter as a noun (s: second; t: tonne), which a text hardly ever means.
        if (word.Length == 1 && char.IsAsciiLetter(word[0]))
            return 0;
        Span<(int Id, Inflection Inflection)> bases = stackalloc (int, Inflection)[4];
        int best = -1;
        int bestScore = -1;
        var bestPos = PartOfSpeech.Noun;
        var bestInflection = Inflection.None;
        for (var pos = PartOfSpeech.Noun; pos <= PartOfSpeech.Adverb; pos++)
        {
            int found = Lemmatizer.FindBases(_table, word, pos, bases);
            for (int b = 0; b < found; b++)
            {
                int score = _table.Frequency(bases[b].Id, pos) + Bonus(sentence, index, pos);
                if (score > bestScore)
                    (best, bestScore, bestPos, bestInflection) = (bases[b].Id, score, pos, bases[b].Inflection);
            }
        }

        if (best < 0 || (bestInflection == Inflection.None && !_table.WordAt(best).Equals(word, StringComparison.OrdinalIgnoreCase)))
            return 0;
        SynonymFilter filter = bestInflection == Inflection.None ? SynonymFilter.Common : SynonymFilter.Inflectable;
        int synonym = _table.Draw(best, bestPos, filter, ref random);
        if (synonym < 0 || _table.WordAt(synonym).Length > MaxLength - 8)
            return 0;
        int length = Lemmatizer.Inflect(_table.WordAt(synonym), bestInflection, target);
        MatchCase(word, target[..length]);
        return length;
    }

    private static int Bonus(EdaSentence sentence, int index, PartOfSpeech pos)
    {
        if (index == 0)
            return 0;
        ReadOnlySpan<char> previous = sentence.WordAt(index - 1);
        bool fits = pos switch
        {
            PartOfSpeech.Noun => Contains(BeforeNoun, previous),
            PartOfSpeech.Verb => Contains(BeforeVerb, previous),
            PartOfSpeech.Adjective => Contains(BeforeAdjective, previous),
            _ => false,
        };
        return fits ? ContextBonus : 0;
    }

    private static void MatchCase(ReadOnlySpan<char> word, Span<char> synonym)
    {
        bool isUpper = word.Length > 1;
        foreach (char c in word)
            isUpper &= !char.IsLower(c);
        if (isUpper && char.IsUpper(word[0]))
        {
            for (int i = 0; i < synonym.Length; i++)
                synonym[i] = char.ToUpperInvariant(synonym[i]);
        }
        else if (char.IsUpper(word[0]))
        {
            synonym[0] = char.ToUpperInvariant(synonym[0]);
        }
    }

    private static bool Contains(FrozenSet<string> words, ReadOnlySpan<char> word) =>
        words.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word);

    private static FrozenSet<string> Words(string words) => words.Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
