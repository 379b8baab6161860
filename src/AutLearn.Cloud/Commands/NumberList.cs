using System.CommandLine.Parsing;
using System.Globalization;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>Reads one number, or one a channel with commas between them.</summary>
internal static class NumberList
{
    /// <summary>Reads the option's text; a wrong one is told as a wrong command line.</summary>
    public static ChannelValues? Read(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        float[] numbers = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !float.IsFinite(numbers[i]))
            {
                result.AddError($"'{text}' is no number, nor three with commas between them, such as 0.485,0.456,0.406.");
                return null;
            }
        }

        switch (numbers.Length)
        {
            case 1:
                return numbers[0];
            case 3:
                return new(numbers[0], numbers[1], numbers[2]);
            default:
                result.AddError($"'{text}' holds {numbers.Length} numbers; give one, or one for each of three channels, with a point for decimals: 127.5, or 0.485,0.456,0.406.");
                return null;
        }
    }
}
