using System.Buffers.Binary;
using System.Security.Cryptography;
using AutLearn.Cache.Disk;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Checks new samples and describes them for the store.</summary>
internal static class SampleIntake
{
    /// <exception cref="ArgumentException">The sample is out of the store's bounds.</exception>
    public static void Check(NewSample sample, SampleStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (sample.Payload.Length > options.PayloadLimitInBytes)
            throw new ArgumentException($"The content has {sample.Payload.Length} bytes; {nameof(SampleStoreOptions.PayloadLimitInBytes)} is {options.PayloadLimitInBytes}.", nameof(sample));
        if (SampleFacts.SizeOf(sample.Source) > SampleFacts.SourceLimit)
            throw new ArgumentException($"The source has more than {SampleFacts.SourceLimit} bytes.", nameof(sample));
        CheckLabels(sample.Label, sample.Labels);
        if (sample.TimeToLive <= TimeSpan.Zero)
            throw new ArgumentException("The time to live must be positive or null.", nameof(sample));
    }

    /// <exception cref="ArgumentException">The labels are too large, or stand beside a class.</exception>
    public static void CheckLabels(long? label, ReadOnlyMemory<byte> labels)
    {
        if (labels.Length > SampleLabels.LimitInBytes)
            throw new ArgumentException($"The labels have {labels.Length} bytes; at most {SampleLabels.LimitInBytes} are kept.");
        if (label is not null && !labels.IsEmpty)
            throw new ArgumentException("A sample has a class or labels of another kind, not both.");
    }

    /// <param name="sample">The sample.</param>
    /// <param name="id">Its number.</param>
    /// <param name="options">The store's settings.</param>
    /// <param name="age">The store's own clock.</param>
    /// <param name="now">The wall clock.</param>
    public static StoredSample Describe(NewSample sample, long id, SampleStoreOptions options, TimeSpan age, DateTimeOffset now)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(sample.Payload.Span, hash);
        DateTimeOffset time = (sample.Time ?? now).ToUniversalTime();
        TimeSpan? life = sample.TimeToLive ?? options.TimeToLive;
        DateTimeOffset? expires = life is { } left && left < DateTimeOffset.MaxValue - now ? now + left : null;

        // What seems to come from a far future arose while the clock was right.
        TimeSpan ahead = time - now;
        return new(id, sample.Label, sample.Source, time, sample.Consent, expires, sample.Payload.Length, BinaryPrimitives.ReadInt64LittleEndian(hash))
        {
            Labels = sample.Labels.ToArray(),
            Arose = age + (ahead > AgeClock.Bound ? TimeSpan.Zero : ahead),
            Leaves = life is { } rest && rest < TimeSpan.MaxValue - age ? age + rest : TimeSpan.MaxValue,
        };
    }
}
