using System.Collections.Immutable;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>The trainable samples, split by time.</summary>
/// <param name="Train">The older ones, oldest first.</param>
/// <param name="HoldOut">The newest, oldest first: what a model that learned the others is judged by.</param>
public sealed record SampleSplit(ImmutableArray<StoredSample> Train, ImmutableArray<StoredSample> HoldOut);
