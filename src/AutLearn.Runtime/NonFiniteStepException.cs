namespace AutLearn.Runtime;

/// <summary>A training step gave a loss, a gradient norm, a parameter or optimizer state that is infinite or not a number; it was not applied.</summary>
/// <remarks>The message says what was not finite and, as far as the model can tell, why.</remarks>
public sealed class NonFiniteStepException : AutLearnException
{
    /// <summary>Creates the error.</summary>
    public NonFiniteStepException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    public NonFiniteStepException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Gets the loss, which may be finite where an update is not.</summary>
    public float Loss { get; init; }

    /// <summary>Gets the parameter that the step would have ruined, or whose optimizer state it would have; null where loss or gradient norm told first.</summary>
    public string? ParameterName { get; init; }

    /// <summary>Gets the version that the step began from. Parameters are unchanged; where gradients accumulated before were at fault and dropped, one more version stands for that.</summary>
    public long ParameterVersion { get; init; }
}
