namespace AutLearn.Testing.Gradients;

/// <summary>How the inputs of a gradient case declare their dimensions.</summary>
public enum DimensionStyle
{
    /// <summary>As numbers.</summary>
    Static,

    /// <summary>As symbols.</summary>
    Symbolic,
}
