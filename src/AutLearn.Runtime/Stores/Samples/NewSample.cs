namespace AutLearn.Runtime.Stores.Samples;

/// <summary>A sample to be stored.</summary>
public sealed record NewSample
{
    /// <summary>Gets the content, in the app's own encoding. Must not change while it is added.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Gets the class, or null while it is not known; without one the sample takes no part in learning.</summary>
    public long? Label { get; init; }

    /// <summary>Gets labels that are no class: the numbers of one row of the model's labels, row-major and little-endian; empty where <see cref="Label"/> tells, or nothing is known.</summary>
    /// <value>At most 16,384 bytes, and none beside a class. See <see cref="SampleLabels"/>.</value>
    public ReadOnlyMemory<byte> Labels { get; init; }

    /// <summary>Gets where the sample comes from, to forget by: a contact, an app, a folder.</summary>
    /// <value>At most 1,024 bytes of UTF-8. The default is empty.</value>
    public string Source { get; init; } = "";

    /// <summary>Gets when the sample arose; null for now.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Gets whether the user lets it be learned from.</summary>
    /// <value>The default is <see cref="SampleConsent.Withheld"/>.</value>
    public SampleConsent Consent { get; init; }

    /// <summary>Gets how long after it is stored the sample lives; null for the store's own <see cref="SampleStoreOptions.TimeToLive"/>.</summary>
    /// <value>Positive or null.</value>
    public TimeSpan? TimeToLive { get; init; }
}
