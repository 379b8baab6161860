using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Settings of a <see cref="SampleStore"/>; copied when it is opened.</summary>
public sealed class SampleStoreOptions
{
    /// <summary>Gets or sets the most samples; beyond it the oldest leave.</summary>
    /// <value>From 1 to 1,000,000. The default is 20,000. What is known about each sample, about 200 bytes, stays in memory.</value>
    [Range(1, 1_000_000)]
    public int SampleQuota { get; set; } = 20_000;

    /// <summary>Gets or sets the most bytes of all contents; beyond it the oldest leave.</summary>
    /// <value>From 1 to 1 TiB. The default is 256 MiB.</value>
    [Range(1L, 1L << 40)]
    public long SizeQuotaInBytes { get; set; } = 256L << 20;

    /// <summary>Gets or sets the most bytes of one content.</summary>
    /// <value>From 1 to 64 MiB. The default is 16 MiB.</value>
    [Range(1, 64 << 20)]
    public int PayloadLimitInBytes { get; set; } = 16 << 20;

    /// <summary>Gets or sets how long samples live that say nothing else; null for until they are forgotten or the store is full.</summary>
    /// <value>Positive or null. The default is null. Counted in the time that the store has seen pass, whatever the wall clock is set to.</value>
    public TimeSpan? TimeToLive { get; set; }

    internal void Validate()
    {
        List<string> failures = [.. new SampleStoreOptionsValidator().Validate(null, this).Failures ?? []];
        if (TimeToLive <= TimeSpan.Zero)
            failures.Add($"{nameof(TimeToLive)} must be positive or null.");
        if (failures.Count > 0)
            throw new OptionsValidationException(nameof(SampleStoreOptions), typeof(SampleStoreOptions), failures);
    }

    internal SampleStoreOptions Copy() => (SampleStoreOptions)MemberwiseClone();
}
