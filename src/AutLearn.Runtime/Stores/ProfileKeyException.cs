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

    /// <summary>Gets why the protector could not unwrap the key, each of which a person can mend; null where the key's own file is damaged.</summary>
    public KeyProtectorFailure? Reason { get; init; }
}
