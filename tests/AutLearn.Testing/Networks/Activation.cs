namespace AutLearn.Testing.Networks;

/// <summary>What follows a layer.</summary>
public enum Activation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    Relu,
}
