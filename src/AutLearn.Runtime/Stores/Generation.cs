namespace AutLearn.Runtime.Stores;

/// <summary>One committed state.</summary>
/// <param name="Number">1 for the first commit, one more with each; 0 stands for the parameters as compiled.</param>
/// <param name="Content">What was committed.</param>
public sealed record Generation(long Number, ReadOnlyMemory<byte> Content);
