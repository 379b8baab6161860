using System.Buffers;

namespace AutLearn.Graph.Artifacts;

/// <summary>Which names a file of the artifacts may have: relative, forward slashes, the same on every operating system.</summary>
internal static class ArtifactPaths
{
    private const int LongestPath = 200;
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("\\:*?\"<>|");

    public static bool IsValid(string path)
    {
        if (path.Length is 0 or > LongestPath)
            return false;
        foreach (Range range in path.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> part = path.AsSpan(range);
            if (part.IsEmpty || part is "." or ".." || part[^1] is '.' or ' ' || part.ContainsAny(Forbidden) || ContainsControl(part))
                return false;
        }

        return true;
    }

    private static bool ContainsControl(ReadOnlySpan<char> part)
    {
        foreach (char letter in part)
        {
            if (char.IsControl(letter))
                return true;
        }

        return false;
    }
}
