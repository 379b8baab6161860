namespace AutLearn.Cache;

/// <summary>One boundary tensor as the cache stores it.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="SizeInBytes">The bytes of one row, at least 1.</param>
public sealed record CacheColumn(string Name, int SizeInBytes);
