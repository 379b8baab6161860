using System.Globalization;
using System.Reflection;
using System.Text;

namespace AutLearn.Text.Tests.Unicode;

/// <summary>Reads the test files of the Unicode Character Database.</summary>
internal static class ConformanceLines
{
    /// <summary>Lists the lines with a test, without comments.</summary>
    public static IEnumerable<string> Of(string file)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(file)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            string test = line.Split('#')[0].Trim();
            if (test.Length > 0 && test[0] != '@')
                yield return test;
        }
    }

    /// <summary>Reads code points in hexadecimal; a lone surrogate is taken as it is.</summary>
    public static string Text(string points)
    {
        var text = new StringBuilder();
        foreach (string point in points.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int value = int.Parse(point, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            text.Append(value is >= 0xD800 and <= 0xDFFF ? ((char)value).ToString() : char.ConvertFromUtf32(value));
        }

        return text.ToString();
    }
}
