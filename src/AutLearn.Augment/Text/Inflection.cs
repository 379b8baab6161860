namespace AutLearn.Augment.Text;

/// <summary>A regular English ending that a synonym has to take over.</summary>
internal enum Inflection
{
    None,
    S,
    Ed,
    Ing,
}
