namespace AutLearn.Runtime.Stores.Samples;

/// <summary>A sample store cannot be used.</summary>
public sealed class SampleStoreException : AutLearnException
{
    /// <summary>Creates an error.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">What failed, where, and what to do. Carries no user data.</param>
    /// <param name="innerException">The cause, or null.</param>
    public SampleStoreException(SampleStoreFailure reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Gets why the store cannot be used.</summary>
    public SampleStoreFailure Reason { get; }
}
