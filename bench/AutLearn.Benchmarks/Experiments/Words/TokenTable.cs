using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using AutLearn.Testing;
using AutLearn.Text;
using AutLearn.Text.Unicode;

namespace AutLearn.Benchmarks.Experiments.Words;

/// <summary>Measures the tokenizer: Unicode's word-break tests, what changed on tweets, speed. <c>tokens [--out FILE]</c>.</summary>
internal static class TokenTable
{
    private const string Tests = "tests/AutLearn.Text.Tests/Data/WordBreakTest.txt";
    private const int Examples = 12;
    private const int Passes = 5;

    public static int Run(string[] args)
    {
        string? path = TestData.Find("twitter/tweets.tsv.gz");
        if (path is null)
        {
            Console.Error.WriteLine($"'twitter/tweets.tsv.gz' is not in '{TestData.Folder}'. Set {TestData.Variable} to the folder that holds it.");
            return 1;
        }

        string[] tweets = [.. Read(path)];
        (int passed, int lines) = WordBreakTest();
        string table = Render(tweets, passed, lines);
        Console.Write(table);
        if (args is ["--out", var file])
            File.WriteAllText(file, table);
        return passed == lines ? 0 : 1;
    }

    private static string Render(string[] tweets, int passed, int lines)
    {
        var kinds = new SortedDictionary<TokenKind, (long Count, long New)>();
        var examples = new Dictionary<TokenKind, Dictionary<string, int>>();
        long former = 0, lost = 0, changedTweets = 0;
        var formerWords = new HashSet<string>(StringComparer.Ordinal);
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (string tweet in tweets)
        {
            List<(int Start, int End)> before = FormerWords.Split(tweet);
            var ranges = new HashSet<(int, int)>(before);
            former += before.Count;
            formerWords.UnionWith(before.Select(b => tweet[b.Start..b.End].ToLowerInvariant()));
            long kept = 0, all = 0;
            foreach (TextToken token in WordTokenizer.Tokenize(tweet))
            {
                all++;
                string text = tweet.Substring(token.Start, token.Length);
                words.Add(TokenFolding.Fold(text, token.Kind));
                bool isKept = ranges.Contains((token.Start, token.End));
                (long count, long fresh) = kinds.GetValueOrDefault(token.Kind);
                kinds[token.Kind] = (count + 1, fresh + (isKept ? 0 : 1));
                kept += isKept ? 1 : 0;
                if (isKept)
                    continue;
                examples.TryAdd(token.Kind, new(StringComparer.Ordinal));
                examples[token.Kind][text] = examples[token.Kind].GetValueOrDefault(text) + 1;
            }

            lost += before.Count - kept;
            changedTweets += kept == before.Count && kept == all ? 0 : 1;
        }

        long tokens = kinds.Values.Sum(k => k.Count), changed = kinds.Values.Sum(k => k.New);
        var rows = new StringBuilder();
        foreach ((TokenKind kind, (long count, long fresh)) in kinds)
        {
            string[] shown = [.. examples.GetValueOrDefault(kind, []).OrderByDescending(e => e.Value).ThenBy(e => e.Key, StringComparer.Ordinal).Take(Examples).Select(e => $"`{e.Key.Replace("|", "\\|", StringComparison.Ordinal)}`")];
            rows.AppendLine(CultureInfo.InvariantCulture, $"| {kind} | {count} | {fresh} | {Share(fresh, count)} | {string.Join(" ", kind is TokenKind.Mention or TokenKind.Address ? shown.Take(1) : shown)} |");
        }

        return string.Create(CultureInfo.InvariantCulture, $"""
            # Words of tweets

            {MachineHeader.Text}

            Made by `dotnet run -c Release --project bench/AutLearn.Benchmarks -- tokens --out bench/results/tokens.md` over `twitter/tweets.tsv.gz`: {tweets.Length} tweets, {tweets.Sum(t => (long)t.Length)} characters.

            * Unicode's `WordBreakTest.txt` (17.0): **{passed} of {lines} lines passed**.
            * `WordTokenizer` finds {tokens} tokens where `pretrain` found {former} before. **{Share(changed, tokens)} of the tokens are not tokens of before**, {Share(lost, former)} of those of before are gone; {Share(changedTweets, tweets.Length)} of the tweets change.
            * Distinct tokens, folded: {words.Count}; before, in lower case: {formerWords.Count}.
            * Speed, one thread: {Speed(tweets):0} MB of UTF-16 a second found, {FoldingSpeed(tweets):0} with vocabulary numbers.

            | kind | tokens | changed | share | the most frequent changed ones |
            | --- | ---: | ---: | ---: | --- |
            {rows.ToString().TrimEnd()}

            """);
    }

    private static double Speed(string[] tweets) => MegabytesPerSecond(tweets, tweet =>
    {
        int count = 0;
        foreach (TextToken _ in WordTokenizer.Tokenize(tweet))
            count++;
        return count;
    });

    private static double FoldingSpeed(string[] tweets)
    {
        var vocabulary = WordVocabulary.Of(tweets, 10_000, WordVocabulary.UnknownWord);
        var tokens = new List<long>();
        return MegabytesPerSecond(tweets, tweet =>
        {
            tokens.Clear();
            vocabulary.Encode(tweet, tokens);
            return tokens.Count;
        });
    }

    // The best of several passes: others use the machine too.
    private static double MegabytesPerSecond(string[] tweets, Func<string, int> work)
    {
        double best = 0, bytes = tweets.Sum(t => 2.0 * t.Length);
        for (int pass = 0; pass < Passes; pass++)
        {
            long start = Stopwatch.GetTimestamp(), sum = 0;
            foreach (string tweet in tweets)
                sum += work(tweet);
            best = Math.Max(best, sum > 0 ? bytes / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds : 0);
        }

        return best;
    }

    private static (int Passed, int Lines) WordBreakTest()
    {
        int passed = 0, lines = 0;
        foreach (string line in File.ReadLines(Tests).Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0))
        {
            string[] segments = [.. line.Split('÷', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(s => string.Concat(s.Split(['×', ' '], StringSplitOptions.RemoveEmptyEntries).Select(p => char.ConvertFromUtf32(int.Parse(p, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))))];
            string text = string.Concat(segments);
            int at = 0;
            passed += segments.All(s => text.AsSpan(at).StartsWith(s, StringComparison.Ordinal) && WordBreaks.Next(text, at) == (at += s.Length)) ? 1 : 0;
            lines++;
        }

        return (passed, lines);
    }

    private static IEnumerable<string> Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        reader.ReadLine();
        while (reader.ReadLine() is { } row)
            yield return row.Split('\t')[2];
    }

    private static string Share(long part, long whole) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:0.0} %");
}
