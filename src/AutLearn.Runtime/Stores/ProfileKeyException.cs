namespace AutLearn.Runtime.Stores;

/// <summary>The key of a profile cannot be used.</summary>
public sealed class ProfileKeyException : AutLearnException
{
    /// <summary>Creates an error.</summary>
    /// <param name="message">What failed, where, and what to do.</param>
    /// <param name="innerException">The cause, or null.</param>
    public ProfileKeyException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
