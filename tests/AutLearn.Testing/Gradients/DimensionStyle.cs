namespace AutLearn.Testing.Gradients;

/// <summary>How the inputs of a gradient case declare their dimensions.</summary>
public enum DimensionStyle
{
    /// <summary>As numbers.</summary>
    Static,

    /// <summary>As symbols, the same for the same size; a size of 1 stays a number, so that broadcasting can be seen.</summary>
    Symbolic,

    /// <summary>As symbols, another for each axis, for a size of 1 too: nothing can be known before the run.</summary>
    Unrelated,
}
