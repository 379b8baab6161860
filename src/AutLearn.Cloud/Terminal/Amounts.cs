using System.Globalization;

namespace AutLearn.Cloud.Terminal;

/// <summary>Writes numbers for people.</summary>
internal static class Amounts
{
    /// <summary>Writes a count with thousands separators.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Writes a size in the largest fitting decimal unit.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.#} KB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.##} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB"),
    };

    /// <summary>Writes a number of operations.</summary>
    public static string Flops(long flops) => flops switch
    {
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{flops / 1e3:0.#} KFLOP"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{flops / 1e6:0.#} MFLOP"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{flops / 1e9:0.##} GFLOP"),
    };

    /// <summary>Writes a share as a percentage with one decimal.</summary>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");

    /// <summary>Writes a duration.</summary>
    public static string Seconds(double seconds) => seconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s");
}
