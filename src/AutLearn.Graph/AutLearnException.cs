namespace AutLearn;

/// <summary>The base of every error that AutLearn raises about a model, a package or a run.</summary>
/// <remarks>Mistakes of the caller (a null argument, a disposed object) use the exceptions of the base class library.</remarks>
public class AutLearnException : Exception
{
    /// <summary>Creates an error with a message that says what failed, where, and what to do.</summary>
    public AutLearnException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error with a message and its cause.</summary>
    public AutLearnException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Gets the file the error is about, or null.</summary>
    public string? File { get; init; }

    /// <summary>Gets the node the error is about, or null.</summary>
    public string? NodeName { get; init; }
}
