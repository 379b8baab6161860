using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;

namespace AutLearn.Cloud.Demo;

/// <summary>One movement of the pen.</summary>
/// <param name="Points">Control points on a grid of 100 by 100, y downwards; at least two.</param>
/// <param name="IsSmooth">Whether a curve goes through the points, rather than straight lines.</param>
internal sealed record Stroke(ImmutableArray<Vector2> Points, bool IsSmooth)
{
    /// <summary>Reads strokes separated by semicolons, points by spaces; a tilde starts a smooth stroke: <c>20,0 20,100;~20,0 65,3 20,54</c>.</summary>
    public static ImmutableArray<Stroke> ParseAll(string text)
    {
        var strokes = ImmutableArray.CreateBuilder<Stroke>();
        foreach (string part in text.Split(';'))
        {
            bool isSmooth = part[0] == '~';
            string[] points = part[(isSmooth ? 1 : 0)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            strokes.Add(new Stroke([.. points.Select(ParsePoint)], isSmooth));
        }

        return strokes.ToImmutable();
    }

    /// <summary>Draws the stroke as short straight pieces.</summary>
    /// <param name="rounding">How often the corners of straight strokes are cut, at least 0.</param>
    public List<Vector2> Trace(int rounding)
    {
        List<Vector2> path = IsSmooth ? CatmullRom(Points) : [.. Points];
        for (int i = 0; i < rounding && !IsSmooth; i++)
            path = CutCorners(path);
        return path;
    }

    // Catmull and Rom, "A class of local interpolating splines", 1974: uniform, tension 1/2, end points doubled.
    private static List<Vector2> CatmullRom(ImmutableArray<Vector2> p)
    {
        const int Pieces = 6;
        var path = new List<Vector2> { p[0] };
        for (int i = 0; i + 1 < p.Length; i++)
        {
            Vector2 before = p[Math.Max(i - 1, 0)];
            Vector2 after = p[Math.Min(i + 2, p.Length - 1)];
            for (int k = 1; k <= Pieces; k++)
            {
                float t = (float)k / Pieces;
                path.Add(0.5f * ((2 * p[i])
                    + ((p[i + 1] - before) * t)
                    + (((2 * before) - (5 * p[i]) + (4 * p[i + 1]) - after) * t * t)
                    + (((3 * p[i]) - before - (3 * p[i + 1]) + after) * t * t * t)));
            }
        }

        return path;
    }

    // Chaikin 1974: each inner corner becomes two, at a quarter and three quarters of its sides; the ends stay.
    private static List<Vector2> CutCorners(List<Vector2> path)
    {
        var cut = new List<Vector2> { path[0] };
        for (int i = 0; i + 1 < path.Count; i++)
        {
            if (i > 0)
                cut.Add(Vector2.Lerp(path[i], path[i + 1], 0.25f));
            if (i + 2 < path.Count)
                cut.Add(Vector2.Lerp(path[i], path[i + 1], 0.75f));
        }

        cut.Add(path[^1]);
        return cut;
    }

    private static Vector2 ParsePoint(string point)
    {
        int comma = point.IndexOf(',', StringComparison.Ordinal);
        return new(
            float.Parse(point.AsSpan(0, comma), CultureInfo.InvariantCulture),
            float.Parse(point.AsSpan(comma + 1), CultureInfo.InvariantCulture));
    }
}
