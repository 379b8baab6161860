namespace AutLearn.Runtime;

/// <summary>ONNX Runtime could not load or run a model. Parameters and optimizer state are as they were before.</summary>
public sealed class RunFailedException : AutLearnException
{
    /// <summary>Creates the error.</summary>
    public RunFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    public RunFailedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
