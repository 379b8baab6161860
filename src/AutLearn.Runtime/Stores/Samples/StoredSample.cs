namespace AutLearn.Runtime.Stores.Samples;

/// <summary>What a store knows about a sample, without its content.</summary>
/// <param name="Id">Never used again by this store, also not after all was forgotten.</param>
/// <param name="Label">The class, or null while it is not known.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Time">When it arose, in UTC.</param>
/// <param name="Consent">Whether it may be learned from.</param>
/// <param name="ExpiresAt">When it leaves, in UTC, or null for never.</param>
/// <param name="SizeInBytes">The bytes of its content.</param>
/// <param name="ContentKey">The first 8 bytes of the content's SHA-256: the same content has the same key in every store.</param>
public sealed record StoredSample(
    long Id, long? Label, string Source, DateTimeOffset Time, SampleConsent Consent, DateTimeOffset? ExpiresAt, int SizeInBytes, long ContentKey)
{
    /// <summary>Gets a value indicating whether the sample has a label and the user's consent.</summary>
    public bool IsTrainable => Label is not null && Consent == SampleConsent.Given;
}
