namespace AutLearn.Augment.Text;

/// <summary>Finds the base form of an English word, and inflects base forms by rule.</summary>
/// <remarks>The rules of detachment are those of morphy(7WN).</remarks>
internal static class Lemmatizer
{
    private static readonly (PartOfSpeech Pos, string Ending, string Base, Inflection Inflection)[] Rules =
    [
        (PartOfSpeech.Noun, "s", "", Inflection.S),
        (PartOfSpeech.Noun, "ses", "s", Inflection.S),
        (PartOfSpeech.Noun, "xes", "x", Inflection.S),
        (PartOfSpeech.Noun, "zes", "z", Inflection.S),
        (PartOfSpeech.Noun, "ches", "ch", Inflection.S),
        (PartOfSpeech.Noun, "shes", "sh", Inflection.S),
        (PartOfSpeech.Noun, "ies", "y", Inflection.S),
        (PartOfSpeech.Noun, "men", "man", Inflection.S),
        (PartOfSpeech.Verb, "s", "", Inflection.S),
        (PartOfSpeech.Verb, "ies", "y", Inflection.S),
        (PartOfSpeech.Verb, "es", "e", Inflection.S),
        (PartOfSpeech.Verb, "es", "", Inflection.S),
        (PartOfSpeech.Verb, "ed", "e", Inflection.Ed),
        (PartOfSpeech.Verb, "ed", "", Inflection.Ed),
        (PartOfSpeech.Verb, "ing", "e", Inflection.Ing),
        (PartOfSpeech.Verb, "ing", "", Inflection.Ing),
        (PartOfSpeech.Adjective, "er", "", Inflection.None),
        (PartOfSpeech.Adjective, "est", "", Inflection.None),
        (PartOfSpeech.Adjective, "er", "e", Inflection.None),
        (PartOfSpeech.Adjective, "est", "e", Inflection.None),
    ];

    /// <summary>Enumerates the base forms that a word may have as a part of speech: its exceptions, else what the rules give. Returns how many.</summary>
    public static int FindBases(SynonymTable table, ReadOnlySpan<char> word, PartOfSpeech pos, Span<(int Id, Inflection Inflection)> bases)
    {
        int count = 0;
        int form = table.Find(word);
        if (form >= 0)
        {
            if (table.Frequency(form, pos) >= 0)
                bases[count++] = (form, Inflection.None);
            int lemma = table.IrregularLemma(form, pos);
            if (lemma >= 0 && table.Frequency(lemma, pos) >= 0 && count < bases.Length)
            {
                bases[count++] = (lemma, RegularEnding(word, pos));
                return count;
            }
        }

        Span<char> candidate = stackalloc char[64];
        if (word.Length >= candidate.Length)
            return count;
        foreach ((PartOfSpeech rulePos, string ending, string replacement, Inflection inflection) in Rules)
        {
            if (rulePos != pos || count == bases.Length || word.Length <= ending.Length || !word.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                continue;
            int stem = word.Length - ending.Length;
            word[..stem].CopyTo(candidate);
            replacement.CopyTo(candidate[stem..]);
            int id = table.Find(candidate[..(stem + replacement.Length)]);
            if (id >= 0 && table.Frequency(id, pos) >= 0)
                bases[count++] = (id, inflection);
        }

        return count;
    }

    /// <summary>Writes a base form with an ending; the form must be one that inflects by rule.</summary>
    public static int Inflect(ReadOnlySpan<char> lemma, Inflection inflection, Span<char> target)
    {
        lemma.CopyTo(target);
        int length = lemma.Length;
        bool endsInE = lemma[^1] == 'e';
        bool consonantY = length > 1 && lemma[^1] == 'y' && !IsVowel(lemma[^2]);
        ReadOnlySpan<char> ending = "";
        switch (inflection)
        {
            case Inflection.S when consonantY:
                length--;
                ending = "ies";
                break;
            case Inflection.S:
                ending = lemma[^1] is 's' or 'x' or 'z' || lemma.EndsWith("ch") || lemma.EndsWith("sh") ? "es" : "s";
                break;
            case Inflection.Ed when consonantY:
                length--;
                ending = "ied";
                break;
            case Inflection.Ed:
                ending = endsInE ? "d" : "ed";
                break;
            case Inflection.Ing when lemma.EndsWith("ie"):
                length -= 2;
                ending = "ying";
                break;
            case Inflection.Ing:
                if (endsInE && length > 2 && lemma[^2] is not ('e' or 'o' or 'y'))
                    length--;
                ending = "ing";
                break;
        }

        ending.CopyTo(target[length..]);
        return length + ending.Length;
    }

    // A doubled consonant is an exception to look up, yet its ending is regular: "stopped", "running".
    private static Inflection RegularEnding(ReadOnlySpan<char> word, PartOfSpeech pos) => pos switch
    {
        PartOfSpeech.Verb when word.EndsWith("ing", StringComparison.OrdinalIgnoreCase) => Inflection.Ing,
        PartOfSpeech.Verb when word.EndsWith("ed", StringComparison.OrdinalIgnoreCase) => Inflection.Ed,
        PartOfSpeech.Noun => Inflection.S,
        _ => Inflection.None,
    };

    private static bool IsVowel(char c) => c is 'a' or 'e' or 'i' or 'o' or 'u';
}
