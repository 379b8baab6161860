namespace AutLearn.Samples.Keyboard;

/// <summary>How often the word that came was the first, or among the first three, of the suggestions before its first letter.</summary>
/// <param name="Words">The words that came.</param>
/// <param name="Unknown">Those of them outside the vocabulary, which count as missed.</param>
/// <param name="ShippedTop1">First with the network as shipped.</param>
/// <param name="ShippedTop3">Among three with the network as shipped.</param>
/// <param name="PersonalTop1">First with what was learnt by then.</param>
/// <param name="PersonalTop3">Among three with what was learnt by then.</param>
public sealed record HitCounts(long Words, long Unknown, long ShippedTop1, long ShippedTop3, long PersonalTop1, long PersonalTop3);
