namespace AutLearn.Cloud.Demo;

/// <summary>What stays the same in everything that one person writes.</summary>
/// <param name="Slant">Sideways shift for each unit of height; positive leans right.</param>
/// <param name="Aspect">Width for each unit of height of the skeletons.</param>
/// <param name="Rotation">Of the base line, in radians.</param>
/// <param name="PenWidth">In pixels.</param>
/// <param name="Rounding">How often corners are cut.</param>
/// <param name="Quirk">The typical displacement of a control point that makes a letter this person's own, in grid units.</param>
/// <param name="Wobble">The typical displacement of a point in one repetition, in grid units.</param>
/// <param name="OwnForms">The share of characters that are written in another form than the schoolbook's.</param>
internal sealed record PenStyle(
    double Slant, double Aspect, double Rotation, double PenWidth, int Rounding, double Quirk, double Wobble, double OwnForms)
{
    /// <summary>Invents a style.</summary>
    public static PenStyle Of(Random random) => new(
        Slant: -0.35 + (0.9 * random.NextDouble()),
        Aspect: 0.6 + (0.55 * random.NextDouble()),
        Rotation: 0.3 * (random.NextDouble() - 0.5),
        PenWidth: 1.8 + (0.5 * random.NextDouble()),
        Rounding: random.Next(0, 3),
        Quirk: 7,
        Wobble: 3.5,
        OwnForms: 0.5);
}
