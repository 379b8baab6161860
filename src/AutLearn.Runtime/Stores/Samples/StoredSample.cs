namespace AutLearn.Runtime.Stores.Samples;

/// <summary>What a store knows about a sample, without its content.</summary>
/// <param name="Id">Never used again by this store, also not after all was forgotten.</param>
/// <param name="Label">The class, or null while it is not known.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Time">When it arose, in UTC.</param>
/// <param name="Consent">Whether it may be learned from.</param>
/// <param name="ExpiresAt">When it leaves by the wall clock of the moment it was stored, in UTC, or null for never. What counts is how much time the store has seen pass, which a clock that is set does not change.</param>
/// <param name="SizeInBytes">The bytes of its content.</param>
/// <param name="ContentKey">The first 8 bytes of the content's SHA-256: the same content has the same key in every store.</param>
public sealed record StoredSample(
    long Id, long? Label, string Source, DateTimeOffset Time, SampleConsent Consent, DateTimeOffset? ExpiresAt, int SizeInBytes, long ContentKey)
{
    /// <summary>Gets its labels where they are no class; empty otherwise.</summary>
    public ReadOnlyMemory<byte> Labels { get; init; }

    /// <summary>Gets when it arose on the store's own clock, by which samples are ordered.</summary>
    internal TimeSpan Arose { get; init; }

    /// <summary>Gets when it leaves on the store's own clock.</summary>
    internal TimeSpan Leaves { get; init; } = TimeSpan.MaxValue;

    /// <summary>Gets a value indicating whether the sample has a label and the user's consent.</summary>
    public bool IsTrainable => (Label is not null || !Labels.IsEmpty) && Consent == SampleConsent.Given;

    /// <summary>Whether two stores know the same about a sample; their own clocks do not matter.</summary>
    public bool Equals(StoredSample? other) => other is not null && Known == other.Known && Labels.Span.SequenceEqual(other.Labels.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => Known.GetHashCode();

    private (long, long?, string, DateTimeOffset, SampleConsent, DateTimeOffset?, int, long) Known =>
        (Id, Label, Source, Time, Consent, ExpiresAt, SizeInBytes, ContentKey);
}
