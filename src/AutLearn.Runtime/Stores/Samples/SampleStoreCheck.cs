using System.Collections.Immutable;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>What a full check of a store found.</summary>
/// <param name="Samples">The samples whose content is intact.</param>
/// <param name="Damaged">The samples whose content cannot be read; forget them or live without them.</param>
/// <param name="Problems">What the database says about its structure; empty if it is sound. Carries no user data.</param>
public sealed record SampleStoreCheck(int Samples, ImmutableArray<long> Damaged, ImmutableArray<string> Problems)
{
    /// <summary>Gets a value indicating whether nothing is wrong.</summary>
    public bool IsIntact => Damaged.IsEmpty && Problems.IsEmpty;
}
