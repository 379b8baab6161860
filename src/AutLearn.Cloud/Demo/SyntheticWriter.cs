using System.Collections.Immutable;
using System.Numerics;
using AutLearn.Augment.Images;
using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Demo;

/// <summary>Draws digits and letters in the consistent hand of a person who does not exist.</summary>
/// <remarks>
/// The images follow the handwriting data set: the longer side of the drawing fills 20 pixels, centred in 28, ink 255 on background 0.
/// Equal seeds give equal images.
/// </remarks>
internal sealed class SyntheticWriter
{
    private const int Size = 28;
    private const float Box = 20;

    private readonly ImmutableArray<ImmutableArray<Stroke>> _letters;
    private readonly PenStyle _style;

    /// <summary>Invents a writer.</summary>
    public SyntheticWriter(int seed)
    {
        Seed = seed;
        var random = new Random(seed);
        _style = PenStyle.Of(random);
        _letters = [.. IdxImages.AlphanumericClasses.Select(c => OwnLetter(c[0], random))];
    }

    public int Seed { get; }

    /// <summary>Writes every character several times.</summary>
    /// <param name="repetitions">How often each of the 62 characters is written, at least 1.</param>
    public ImageSet Write(int repetitions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        int classes = _letters.Length;
        var images = ImmutableArray.CreateBuilder<PixelImage>(classes * repetitions);
        var random = new Random(unchecked((Seed * 31) + 17));
        for (int r = 0; r < repetitions; r++)
        {
            foreach (ImmutableArray<Stroke> letter in _letters)
                images.Add(Draw(letter, random));
        }

        ImmutableArray<PixelImage> drawn = images.MoveToImmutable();
        return new ImageSet(
            [.. Enumerable.Range(0, drawn.Length).Select(i => i % classes)],
            IdxImages.AlphanumericClasses,
            (i, _) => drawn[i],
            i => $"writer {Seed}, '{IdxImages.AlphanumericClasses[i % classes]}', repetition {(i / classes) + 1}");
    }

    private ImmutableArray<Stroke> OwnLetter(char character, Random random)
    {
        ImmutableArray<ImmutableArray<Stroke>> forms = Glyphs.FormsOf(character);
        ImmutableArray<Stroke> form = forms[random.NextDouble() < _style.OwnForms ? random.Next(1, forms.Length) : 0];
        return [.. form.Select(s => s with { Points = [.. s.Points.Select(p => p + Noise(random, _style.Quirk))] })];
    }

    private PixelImage Draw(ImmutableArray<Stroke> letter, Random random)
    {
        double turn = _style.Rotation + (0.05 * Normal(random));
        float slant = (float)(_style.Slant + (0.05 * Normal(random)));
        float aspect = (float)(_style.Aspect * (1 + (0.07 * Normal(random))));
        var shape = new Matrix3x2(aspect, 0, -slant, 1, 0, 0);
        shape *= Matrix3x2.CreateRotation((float)turn);

        List<Vector2>[] paths = [.. letter.Select(s => Trace(s, random, shape))];
        Vector2 low = new(float.MaxValue);
        Vector2 high = new(float.MinValue);
        foreach (Vector2 point in paths.SelectMany(p => p))
        {
            low = Vector2.Min(low, point);
            high = Vector2.Max(high, point);
        }

        float scale = Box / Math.Max(Math.Max(high.X - low.X, high.Y - low.Y), 1);
        Vector2 middle = (low + high) / 2;
        foreach (List<Vector2> path in paths)
        {
            for (int i = 0; i < path.Count; i++)
                path[i] = ((path[i] - middle) * scale) + new Vector2(Size / 2f);
        }

        return Rasterize(paths, (float)_style.PenWidth / 2);
    }

    private List<Vector2> Trace(Stroke stroke, Random random, Matrix3x2 shape)
    {
        Stroke written = stroke with { Points = [.. stroke.Points.Select(p => p + Noise(random, _style.Wobble))] };
        List<Vector2> path = written.Trace(_style.Rounding);
        for (int i = 0; i < path.Count; i++)
            path[i] = Vector2.Transform(path[i], shape);
        return path;
    }

    // Coverage of a pixel from the distance of its centre to the nearest piece of the path: a linear ramp one pixel wide at the edge.
    private static PixelImage Rasterize(List<Vector2>[] paths, float radius)
    {
        byte[] pixels = new byte[Size * Size];
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
            {
                float nearest = float.MaxValue;
                var centre = new Vector2(x + 0.5f, y + 0.5f);
                foreach (List<Vector2> path in paths)
                {
                    for (int i = 0; i + 1 < path.Count; i++)
                        nearest = Math.Min(nearest, DistanceSquared(centre, path[i], path[i + 1]));
                }

                pixels[(y * Size) + x] = (byte)MathF.Round(255 * Math.Clamp(radius + 0.5f - MathF.Sqrt(nearest), 0, 1));
            }
        }

        return PixelImage.FromGrey(Size, Size, pixels);
    }

    private static float DistanceSquared(Vector2 point, Vector2 from, Vector2 to)
    {
        Vector2 along = to - from;
        float length = along.LengthSquared();
        float t = length == 0 ? 0 : Math.Clamp(Vector2.Dot(point - from, along) / length, 0, 1);
        return Vector2.DistanceSquared(point, from + (t * along));
    }

    private static Vector2 Noise(Random random, double size) => new((float)(size * Normal(random)), (float)(size * Normal(random)));

    // Box and Muller 1958.
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
