using System.ComponentModel.DataAnnotations;

namespace AutLearn.Runtime.Stores;

/// <summary>Settings of a <see cref="GenerationStore"/>; copied when it is built.</summary>
public sealed class GenerationStoreOptions
{
    /// <summary>Gets or sets the generations that are kept beside the base.</summary>
    /// <value>From 1 to 1,000. The default is 3.</value>
    [Range(1, 1000)]
    public int Keep { get; set; } = 3;

    /// <summary>Gets or sets the key that seals generations; stays the caller's.</summary>
    /// <value>Null leaves them plain. The default is null. Plain generations from before are read, and sealed by the next commit.</value>
    public ProfileKey? Key { get; set; }
}
