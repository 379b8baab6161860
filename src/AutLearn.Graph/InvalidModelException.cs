namespace AutLearn.Graph;

/// <summary>A model that is truncated, inconsistent, or outside what ONNX allows.</summary>
public sealed class InvalidModelException : AutLearnException
{
    /// <summary>Creates the error.</summary>
    public InvalidModelException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    public InvalidModelException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
