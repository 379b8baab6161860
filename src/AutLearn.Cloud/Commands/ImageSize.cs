using System.CommandLine.Parsing;
using System.Globalization;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>A size in pixels.</summary>
internal sealed record ImageSize(int Width, int Height)
{
    /// <summary>Reads SIDE or WIDTHxHEIGHT; a wrong text is told as a wrong command line.</summary>
    public static ImageSize? Read(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        string[] parts = text.Split('x', 'X');
        int[] sides = [.. parts.Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out int side) && side is > 0 and <= ImagePreprocessing.LargestSide ? side : 0)];
        if (sides.Length is 1 or 2 && sides.All(s => s > 0))
            return new(sides[0], sides[^1]);
        result.AddError($"'{text}' is no size of 1 to {ImagePreprocessing.LargestSide} pixels, such as 224 or 640x480.");
        return null;
    }
}
