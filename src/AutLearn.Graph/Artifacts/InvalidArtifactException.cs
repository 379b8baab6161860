namespace AutLearn.Graph.Artifacts;

/// <summary>A package, manifest or parameter file that is damaged, inconsistent, or of a version that cannot be read.</summary>
public sealed class InvalidArtifactException : AutLearnException
{
    /// <summary>Creates the error.</summary>
    public InvalidArtifactException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    public InvalidArtifactException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
