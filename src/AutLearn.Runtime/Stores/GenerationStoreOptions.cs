using System.ComponentModel.DataAnnotations;

namespace AutLearn.Runtime.Stores;

/// <summary>Settings of a <see cref="GenerationStore"/>; copied when it is built.</summary>
public sealed class GenerationStoreOptions
{
    /// <summary>Gets or sets the generations that are kept beside the base.</summary>
    /// <value>From 1 to 1,000. The default is 3.</value>
    [Range(1, 1000)]
    public int Keep { get; set; } = 3;
}
