namespace AutLearn.Graph.Artifacts;

/// <summary>How training changes a parameter.</summary>
public enum ParameterRole
{
    /// <summary>The optimizer updates it from its gradient.</summary>
    Trainable,

    /// <summary>The forward pass updates it, as batch normalization does with its running statistics.</summary>
    Buffer,
}
