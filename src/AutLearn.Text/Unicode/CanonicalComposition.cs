using System.Buffers;
using System.Text;

namespace AutLearn.Text.Unicode;

/// <summary>Normalization Form C of Unicode 17.0: UAX #15.</summary>
/// <remarks>
/// It stands here because .NET leaves normalisation out where an app runs with invariant globalisation. Unpaired surrogates stay.
/// Safe for use by several threads.
/// </remarks>
public static class CanonicalComposition
{
    private const int FirstSyllable = 0xAC00, FirstLead = 0x1100, FirstVowel = 0x1161, BeforeTail = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28, SyllableCount = Leads * Vowels * Tails;

    // No character before it decomposes, combines or takes part in a composition as the second.
    private const char FirstThatMayChange = '\u0300';

    private static readonly PageTable CombiningOrder = new(NormalizationData.CombiningOrder);
    private static readonly Dictionary<int, (int First, int Second)> Decompositions = ReadDecompositions();
    private static readonly Dictionary<(int, int), int> Compositions = ReadCompositions();

    /// <summary>Composes a text; canonically equivalent texts give equal results.</summary>
    /// <returns>The text itself where it is of that form already.</returns>
    public static string Compose(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsComposed(text) ? text : Compose(text.AsSpan());
    }

    /// <summary>Composes a text; canonically equivalent texts give equal results.</summary>
    public static string Compose(ReadOnlySpan<char> text)
    {
        return IsComposed(text) ? text.ToString() : Write(Compose(Parts(text)));
    }

    /// <summary>Takes composed characters apart (Normalization Form D), marks in their order.</summary>
    public static string Decompose(ReadOnlySpan<char> text) => Write(Parts(text));

    /// <summary>Tells quickly whether a text is surely composed already; false says nothing.</summary>
    internal static bool IsComposed(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('\0', (char)(FirstThatMayChange - 1)) < 0;

    private static List<int> Parts(ReadOnlySpan<char> text)
    {
        var points = new List<int>(text.Length);
        for (int i = 0; i < text.Length;)
        {
            bool isPaired = Rune.DecodeFromUtf16(text[i..], out Rune rune, out int length) == OperationStatus.Done;
            Decompose(isPaired ? rune.Value : text[i], points);
            i += isPaired ? length : 1;
        }

        Order(points);
        return points;
    }

    private static void Decompose(int point, List<int> target)
    {
        int syllable = point - FirstSyllable;
        if (syllable is >= 0 and < SyllableCount)
        {
            target.Add(FirstLead + (syllable / (Vowels * Tails)));
            target.Add(FirstVowel + (syllable % (Vowels * Tails) / Tails));
            if (syllable % Tails != 0)
                target.Add(BeforeTail + (syllable % Tails));
        }
        else if (Decompositions.TryGetValue(point, out (int First, int Second) parts))
        {
            // Few characters nest, at most four deep.
            Decompose(parts.First, target);
            if (parts.Second != 0)
                Decompose(parts.Second, target);
        }
        else
        {
            target.Add(point);
        }
    }

    // Runs of marks in the order of their classes, equal ones as they stand.
    private static void Order(List<int> points)
    {
        for (int i = 0; i < points.Count; i++)
        {
            if (CombiningOrder[points[i]] == 0)
                continue;
            int start = i;
            bool isOrdered = true;
            for (i++; i < points.Count && CombiningOrder[points[i]] != 0; i++)
                isOrdered &= CombiningOrder[points[i]] >= CombiningOrder[points[i - 1]];
            if (isOrdered)
                continue;
            int[] sorted = [.. points.GetRange(start, i - start).OrderBy(p => CombiningOrder[p])];
            for (int k = 0; k < sorted.Length; k++)
                points[start + k] = sorted[k];
        }
    }

    private static List<int> Compose(List<int> points)
    {
        int starter = -1, written = 0;
        int before = -1;
        for (int i = 0; i < points.Count; i++)
        {
            int point = points[i], order = CombiningOrder[point];

            // Blocked where something of the same or a higher class, or another starter, stands between.
            bool isFree = starter >= 0 && (written == starter + 1 || (before != 0 && before < order));
            if (isFree && TryPair(points[starter], point, out int composite))
            {
                points[starter] = composite;
                continue;
            }

            if (order == 0)
                starter = written;
            before = order;
            points[written++] = point;
        }

        points.RemoveRange(written, points.Count - written);
        return points;
    }

    private static bool TryPair(int first, int second, out int composite)
    {
        int lead = first - FirstLead, vowel = second - FirstVowel;
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
        {
            composite = FirstSyllable + (((lead * Vowels) + vowel) * Tails);
            return true;
        }

        int syllable = first - FirstSyllable, tail = second - BeforeTail;
        if (syllable is >= 0 and < SyllableCount && syllable % Tails == 0 && tail is > 0 and < Tails)
        {
            composite = first + tail;
            return true;
        }

        return Compositions.TryGetValue((first, second), out composite);
    }

    private static string Write(List<int> points)
    {
        var text = new StringBuilder(points.Count);
        foreach (int point in points)
        {
            if (point < char.MaxValue + 1)
                text.Append((char)point);
            else
                text.Append(char.ConvertFromUtf32(point));
        }

        return text.ToString();
    }

    private static Dictionary<int, (int First, int Second)> ReadDecompositions()
    {
        ReadOnlySpan<int> pairs = NormalizationData.Pairs;
        var found = new Dictionary<int, (int, int)>(pairs.Length / 3);
        for (int i = 0; i < pairs.Length; i += 3)
            found.Add(pairs[i], (pairs[i + 1], pairs[i + 2]));
        return found;
    }

    private static Dictionary<(int, int), int> ReadCompositions()
    {
        var found = new Dictionary<(int, int), int>();
        foreach ((int point, (int first, int second)) in Decompositions)
        {
            if (second != 0 && NormalizationData.Excluded.BinarySearch(point) < 0)
                found.Add((first, second), point);
        }

        return found;
    }
}
