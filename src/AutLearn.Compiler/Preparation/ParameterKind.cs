namespace AutLearn.Compiler.Preparation;

/// <summary>What a parameter is to its layer.</summary>
internal enum ParameterKind
{
    /// <summary>It multiplies.</summary>
    Weight,

    /// <summary>It is added to a product.</summary>
    Bias,

    /// <summary>It scales or shifts what is normalised.</summary>
    Normalization,
}
