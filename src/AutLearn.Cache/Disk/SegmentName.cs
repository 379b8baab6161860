using System.Globalization;

namespace AutLearn.Cache.Disk;

/// <summary>The names of segment files: their place in the order of creation.</summary>
internal static class SegmentName
{
    /// <summary>What a larger number says was never counted up to.</summary>
    public const long LargestNumber = 999_999_999_999;

    private const string Extension = ".features";

    /// <summary>The number of a segment's path; 0 for other names. A number in another spelling would stand beside its namesake.</summary>
    public static long NumberOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number is > 0 and <= LargestNumber && Path.GetFileName(path) == Of(number) ? number : 0;

    public static string PathOf(string folder, long number) => Path.Combine(folder, Of(number));

    private static string Of(long number) => number.ToString("D8", CultureInfo.InvariantCulture) + Extension;
}
