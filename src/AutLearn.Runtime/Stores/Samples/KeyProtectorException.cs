using System.Security.Cryptography;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>A key protector cannot wrap or unwrap a key, for a reason that a person can mend.</summary>
public sealed class KeyProtectorException : CryptographicException
{
    /// <summary>Creates an error.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">What failed, where, and what to do. Carries no key.</param>
    /// <param name="innerException">The cause, or null.</param>
    public KeyProtectorException(KeyProtectorFailure reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Gets why.</summary>
    public KeyProtectorFailure Reason { get; }
}
