using System.Collections.Immutable;
using System.Globalization;
using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Sentences;

/// <summary>Numbers the labels of sentences.</summary>
internal static class LabelNames
{
    private const int MostClasses = 1_000_000;

    /// <summary>Lists the distinct labels: numbers by size where all are numbers, else names in ordinal order.</summary>
    public static ImmutableArray<string> Of(SentenceSet set)
    {
        string[] names = [.. set.Sentences.Select(s => ClassKey.Of(s.Label!)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return names.All(n => long.TryParse(n, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            ? [.. names.OrderBy(n => long.Parse(n, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))]
            : [.. names];
    }

    /// <summary>Numbers each sentence's label.</summary>
    /// <param name="set">Labelled sentences.</param>
    /// <param name="names">The names of the classes by number; where empty, labels are the numbers themselves.</param>
    /// <param name="classes">The classes that the model scores; null where that is open.</param>
    /// <exception cref="DataFileException">A label is none of them.</exception>
    public static long[] Number(SentenceSet set, ImmutableArray<string> names, int? classes)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
            numbers.TryAdd(ClassKey.Of(names[i]), i);
        long[] labels = new long[set.Sentences.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            string label = ClassKey.Of(set.Sentences[i].Label!);
            if (names.IsEmpty)
                labels[i] = long.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number < (classes ?? MostClasses) ? number : throw Unknown(set, i, $"the model has no names; labels are numbers from 0 to {(classes ?? MostClasses) - 1}");
            else if (!numbers.TryGetValue(label, out labels[i]))
                throw Unknown(set, i, $"the classes are {string.Join(", ", names.Take(8).Select(n => $"'{n}'"))}{(names.Length > 8 ? ", ..." : "")}");
        }

        return labels;
    }

    private static DataFileException Unknown(SentenceSet set, int index, string what) =>
        new(set.Path, $"sentence {index + 1} has the label '{set.Sentences[index].Label}', which the model does not know: {what}.");
}
