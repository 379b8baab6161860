namespace AutLearn.Graph;

/// <summary>One place where a value is read.</summary>
/// <param name="Node">The reading node.</param>
/// <param name="InputIndex">The index of its input.</param>
public readonly record struct ValueUse(Node Node, int InputIndex);
