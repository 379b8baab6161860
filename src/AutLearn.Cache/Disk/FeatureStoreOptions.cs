namespace AutLearn.Cache.Disk;

/// <summary>Sizes and rules of a <see cref="FeatureStore"/>; copied when the store is opened.</summary>
public sealed class FeatureStoreOptions
{
    /// <summary>Gets or sets the bytes of one row as the caller passes it: all boundary tensors, one after the other.</summary>
    /// <value>From 1 to 16 MiB; a multiple of 4 for <see cref="RowFormat.Float16"/>.</value>
    public int RowSizeInBytes { get; set; }

    /// <summary>Gets or sets the format of rows on disk.</summary>
    /// <value>The default is <see cref="RowFormat.Float32"/>, which keeps any bytes as they are.</value>
    public RowFormat Format { get; set; }

    /// <summary>Gets or sets the bound on the bytes on disk.</summary>
    /// <value>At least one segment. The default is 256 MiB.</value>
    public long QuotaInBytes { get; set; } = 256L << 20;

    /// <summary>Gets or sets the size of one file, whose rows leave together when the quota is used up.</summary>
    /// <value>At least one row and at most 1 GiB; smaller values are raised to one row. The default is 8 MiB.</value>
    public int SegmentSizeInBytes { get; set; } = 8 << 20;

    /// <summary>Gets or sets how long a row lives.</summary>
    /// <value>Above zero. The default is 30 days. Counted in the time that the store has seen pass, whatever the wall clock is set to.</value>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Gets or sets what the rows depend on: the backbone's hash and the preprocessing.</summary>
    /// <value>Any text; a store opened with another text drops every row.</value>
    public string BackboneKey { get; set; } = "";

    /// <summary>Gets or sets what gives the 32-byte key that encrypts labels and features (AES-256-GCM).</summary>
    /// <value>
    /// Asked when the store is opened and after each <see cref="FeatureStore.Clear"/>; the store clears the array. Rows of another key, or from
    /// before there was one, are dropped. Null leaves rows plain. The default is null.
    /// </value>
    public Func<byte[]>? KeySource { get; set; }

    /// <summary>Gets or sets the clock.</summary>
    /// <value>The default is the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal void Validate()
    {
        const int LargestRow = 16 << 20, LargestSegment = 1 << 30;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(RowSizeInBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RowSizeInBytes, LargestRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentSizeInBytes, LargestSegment);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(TimeToLive, TimeSpan.Zero);
        if (Format == RowFormat.Float16 && RowSizeInBytes % sizeof(float) != 0)
            throw new ArgumentException($"Rows of {RowSizeInBytes} bytes hold no whole number of Float32 values.");
    }

    internal FeatureStoreOptions Copy() => (FeatureStoreOptions)MemberwiseClone();
}
