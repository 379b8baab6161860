namespace AutLearn.Runtime;

/// <summary>A training step gave a loss or gradient that is infinite or not a number; it was not applied.</summary>
/// <remarks>Lower the learning rate, or check the inputs for values that are not finite.</remarks>
public sealed class NonFiniteLossException : AutLearnException
{
    /// <summary>Creates the error.</summary>
    public NonFiniteLossException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    public NonFiniteLossException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Gets the loss.</summary>
    public float Loss { get; init; }

    /// <summary>Gets the version of the parameters, which are unchanged.</summary>
    public long ParameterVersion { get; init; }
}
