using System.Text.RegularExpressions;

namespace AutLearn.Benchmarks.Experiments.Sentences;

/// <summary>Numbers the words of a training set; 0 pads, 1 is any other word.</summary>
internal sealed partial class WordEncoder
{
    public const int Length = 32;

    private readonly Dictionary<string, long> _ids = new(StringComparer.Ordinal);

    public WordEncoder(IEnumerable<string> sentences)
    {
        foreach (string word in sentences.SelectMany(Words))
            _ids.TryAdd(word, _ids.Count + 2);
    }

    public int Count => _ids.Count + 2;

    public long[] Encode(string sentence)
    {
        long[] ids = new long[Length];
        int i = 0;
        foreach (string word in Words(sentence).Take(Length))
            ids[i++] = _ids.GetValueOrDefault(word, 1);
        return ids;
    }

    private static IEnumerable<string> Words(string sentence) => Word().Matches(sentence.ToLowerInvariant()).Select(m => m.Value);

    [GeneratedRegex(@"[\p{L}\p{N}]+|[!?]")]
    private static partial Regex Word();
}
