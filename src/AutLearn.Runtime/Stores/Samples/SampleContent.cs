namespace AutLearn.Runtime.Stores.Samples;

/// <summary>A sample and its content.</summary>
/// <param name="Sample">What the store knows about it.</param>
/// <param name="Payload">The content, decrypted; the caller's own copy.</param>
public sealed record SampleContent(StoredSample Sample, ReadOnlyMemory<byte> Payload);
