using System.Collections.Immutable;

namespace AutLearn.Cache;

/// <summary>Sizes and keys of a <see cref="FeatureCache"/>; copied when the cache is built.</summary>
public sealed class FeatureCacheOptions
{
    /// <summary>Gets or sets the boundary tensors, in the order of the training step's inputs.</summary>
    /// <value>At least one.</value>
    public ImmutableArray<CacheColumn> Columns { get; set; } = [];

    /// <summary>Gets or sets the bytes of one row of logits.</summary>
    /// <value>At least 0; 0 stores no logits. The default is 0.</value>
    public int LogitsSizeInBytes { get; set; }

    /// <summary>Gets or sets the bytes of one row's labels.</summary>
    /// <value>At least 1. The default is 8: one class number.</value>
    public int LabelSizeInBytes { get; set; } = sizeof(long);

    /// <summary>Gets or sets the bound on the memory for rows.</summary>
    /// <value>In bytes, at least one row. The default is 16 MiB.</value>
    public long CapacityInBytes { get; set; } = 16L << 20;

    /// <summary>Gets or sets what the rows depend on: the backbone's hash and the preprocessing.</summary>
    /// <value>Any text; a change invalidates every row.</value>
    public string BackboneKey { get; set; } = "";
}
