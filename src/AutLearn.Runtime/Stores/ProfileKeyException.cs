using AutLearn.Runtime.Stores.Samples;

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

    /// <summary>Gets why the key is not to be had, each of which a person can mend: the protector could not unwrap it, or its file is missing. Null where its file is damaged.</summary>
    public KeyProtectorFailure? Reason { get; init; }
}
