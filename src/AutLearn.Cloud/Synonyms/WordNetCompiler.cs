using System.Globalization;
using System.Text;
using AutLearn.Augment.Text;

namespace AutLearn.Cloud.Synonyms;

/// <summary>Compiles the WordNet 3.0 database files into a synonym table.</summary>
/// <remarks>
/// Formats: wndb(5WN) and cntlist(5WN). Sets with a single word are left out, since they offer no synonym; the exception lists are
/// kept where both the form's base word is in the table and no rule of <see cref="Lemmatizer"/> explains the form.
/// </remarks>
internal static class WordNetCompiler
{
    private static readonly (string File, PartOfSpeech Pos)[] Files =
    [
        ("noun", PartOfSpeech.Noun), ("verb", PartOfSpeech.Verb), ("adj", PartOfSpeech.Adjective), ("adv", PartOfSpeech.Adverb),
    ];

    /// <summary>Reads the folder that holds <c>data.*</c>, <c>index.*</c>, <c>*.exc</c> and <c>cntlist.rev</c>.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A line is not of the format; file and line are named.</exception>
    public static SynonymTable Compile(string folder)
    {
        var builder = new SynonymTableBuilder();
        Dictionary<(string, PartOfSpeech), int> counts = ReadCounts(folder);
        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string file, PartOfSpeech pos) in Files)
        {
            Dictionary<string, int> sets = ReadSets(folder, file, builder, known);
            ReadIndex(folder, file, pos, sets, counts, builder);
        }

        foreach ((string file, PartOfSpeech pos) in Files)
            ReadExceptions(folder, file, pos, known, builder);
        return builder.Build();
    }

    private static Dictionary<string, int> ReadSets(string folder, string file, SynonymTableBuilder builder, HashSet<string> known)
    {
        var sets = new Dictionary<string, int>(StringComparer.Ordinal);
        ForEachLine(folder, $"data.{file}", fields =>
        {
            int count = int.Parse(fields[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            string[] members = [.. Enumerable.Range(0, count).Select(i => WordOf(fields[4 + (2 * i)])).DistinctBy(w => w.ToLowerInvariant())];
            if (members.Length < 2)
                return;
            sets.Add(fields[0], builder.AddSynset(members));
            known.UnionWith(members);
        });
        return sets;
    }

    private static void ReadIndex(
        string folder,
        string file,
        PartOfSpeech pos,
        Dictionary<string, int> sets,
        Dictionary<(string, PartOfSpeech), int> counts,
        SynonymTableBuilder builder) =>
        ForEachLine(folder, $"index.{file}", fields =>
        {
            int senses = int.Parse(fields[2], CultureInfo.InvariantCulture);
            int[] own = [.. fields[^senses..].Where(sets.ContainsKey).Select(offset => sets[offset])];
            if (own.Length == 0)
                return;
            int count = counts.GetValueOrDefault((fields[0], pos));
            builder.AddSenses(WordOf(fields[0]), pos, Math.Min(15, BitsOf(count)), own);
        });

    private static Dictionary<(string Lemma, PartOfSpeech Pos), int> ReadCounts(string folder)
    {
        var counts = new Dictionary<(string, PartOfSpeech), int>();
        ForEachLine(folder, "cntlist.rev", fields =>
        {
            int percent = fields[0].IndexOf('%', StringComparison.Ordinal);
            PartOfSpeech pos = fields[0][percent + 1] switch
            {
                '1' => PartOfSpeech.Noun,
                '2' => PartOfSpeech.Verb,
                '4' => PartOfSpeech.Adverb,
                _ => PartOfSpeech.Adjective,
            };
            (string, PartOfSpeech) key = (fields[0][..percent], pos);
            counts[key] = counts.GetValueOrDefault(key) + int.Parse(fields[2], CultureInfo.InvariantCulture);
        });
        return counts;
    }

    private static void ReadExceptions(string folder, string file, PartOfSpeech pos, HashSet<string> known, SynonymTableBuilder builder) =>
        ForEachLine(folder, $"{file}.exc", fields =>
        {
            string form = WordOf(fields[0]);
            string lemma = WordOf(fields[1]);
            if (known.Contains(lemma) && !form.Equals(lemma, StringComparison.Ordinal))
                builder.AddIrregular(form, lemma, pos);
        });

    private static void ForEachLine(string folder, string file, Action<string[]> read)
    {
        string path = Path.Combine(folder, file);
        int number = 0;
        using var reader = new StreamReader(RegularFile.OpenRead(path), Encoding.Latin1);
        while (reader.ReadLine() is { } line)
        {
            number++;

            // The licence stands at the top of each file, indented by two blanks.
            if (line.StartsWith("  ", StringComparison.Ordinal) || line.Length == 0)
                continue;
            try
            {
                read(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
            catch (Exception error) when (error is FormatException or IndexOutOfRangeException or ArgumentException or OverflowException)
            {
                throw new InvalidDataException($"{path}, line {number} is not of the WordNet 3.0 format: {error.Message}", error);
            }
        }
    }

    // Adjectives may carry a syntactic marker such as "(a)".
    private static string WordOf(string field)
    {
        int marker = field.IndexOf('(', StringComparison.Ordinal);
        return (marker > 0 ? field[..marker] : field).Replace('_', ' ');
    }

    private static int BitsOf(int count) => 32 - int.LeadingZeroCount(count);
}
