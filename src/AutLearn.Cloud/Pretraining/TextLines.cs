using AutLearn.Text;

namespace AutLearn.Cloud.Pretraining;

/// <summary>Lines of text as tokens.</summary>
internal static class TextLines
{
    /// <summary>Turns lines into one sequence of tokens.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="tokenizer">What numbers them.</param>
    /// <param name="lineEnd">The token behind each line.</param>
    public static long[] Tokens(IEnumerable<string> lines, ITextTokenizer tokenizer, long lineEnd)
    {
        var tokens = new List<long>();
        foreach (string line in lines)
        {
            tokenizer.Encode(line, tokens);
            tokens.Add(lineEnd);
        }

        return [.. tokens];
    }
}
