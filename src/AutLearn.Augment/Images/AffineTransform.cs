namespace AutLearn.Augment.Images;

/// <summary>x' = A x + B y + C, y' = D x + E y + F, on continuous coordinates where pixel i covers [i, i + 1).</summary>
/// <param name="A">x' per x.</param>
/// <param name="B">x' per y.</param>
/// <param name="C">x' at the origin.</param>
/// <param name="D">y' per x.</param>
/// <param name="E">y' per y.</param>
/// <param name="F">y' at the origin.</param>
public readonly record struct AffineTransform(double A, double B, double C, double D, double E, double F)
{
    /// <summary>Gets the transform that changes nothing.</summary>
    public static AffineTransform Identity => new(1, 0, 0, 0, 1, 0);

    /// <summary>Gets the factor by which areas grow.</summary>
    public double Determinant => (A * E) - (B * D);

    /// <summary>Creates a translation.</summary>
    public static AffineTransform Translation(double x, double y) => new(1, 0, x, 0, 1, y);

    /// <summary>Creates a scaling about the origin.</summary>
    public static AffineTransform Scaling(double x, double y) => new(x, 0, 0, 0, y, 0);

    /// <summary>Creates a rotation about the origin, clockwise on a screen.</summary>
    public static AffineTransform Rotation(double degrees)
    {
        (double sin, double cos) = Math.SinCos(degrees * Math.PI / 180);
        return new(cos, -sin, 0, sin, cos, 0);
    }

    /// <summary>Creates a shear about the origin.</summary>
    public static AffineTransform Shear(double xPerY, double yPerX) => new(1, xPerY, 0, yPerX, 1, 0);

    /// <summary>Creates the same transform about another centre.</summary>
    public AffineTransform About(double x, double y) => Translation(x, y).After(this).After(Translation(-x, -y));

    /// <summary>Composes: the result applies <paramref name="first"/>, then this.</summary>
    public AffineTransform After(AffineTransform first) => new(
        (A * first.A) + (B * first.D),
        (A * first.B) + (B * first.E),
        (A * first.C) + (B * first.F) + C,
        (D * first.A) + (E * first.D),
        (D * first.B) + (E * first.E),
        (D * first.C) + (E * first.F) + F);

    /// <summary>Gets the inverse.</summary>
    /// <exception cref="InvalidOperationException">The transform is singular.</exception>
    public AffineTransform Inverse()
    {
        double determinant = Determinant;
        if (Math.Abs(determinant) < 1e-12)
            throw new InvalidOperationException("A transform that flattens the image has no inverse.");
        double a = E / determinant;
        double b = -B / determinant;
        double d = -D / determinant;
        double e = A / determinant;
        return new(a, b, -((a * C) + (b * F)), d, e, -((d * C) + (e * F)));
    }

    /// <summary>Maps a point.</summary>
    public (double X, double Y) Map(double x, double y) => ((A * x) + (B * y) + C, (D * x) + (E * y) + F);
}
