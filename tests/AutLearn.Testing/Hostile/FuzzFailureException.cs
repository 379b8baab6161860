namespace AutLearn.Testing.Hostile;

/// <summary>A fuzzed input met something that is not documented; the message names the seed.</summary>
public sealed class FuzzFailureException(string message, Exception? inner) : Exception(message, inner);
