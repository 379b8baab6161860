using System.Globalization;

namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>Pressure stall information: <c>/proc/pressure</c>, kernel 4.20 and later.</summary>
internal static class PressureStalls
{
    /// <summary>Gets the share of the last ten seconds in which some task waited for a resource, from 0 to 1.</summary>
    public static double? Some(SystemTree tree, string resource)
    {
        foreach (string line in (tree.Text($"proc/pressure/{resource}") ?? "").Split('\n'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is not ["some", ..])
                continue;
            foreach (string word in words)
            {
                if (word.StartsWith("avg10=", StringComparison.Ordinal)
                    && double.TryParse(word.AsSpan(6), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent))
                    return Math.Clamp(percent / 100, 0, 1);
            }
        }

        return null;
    }
}
