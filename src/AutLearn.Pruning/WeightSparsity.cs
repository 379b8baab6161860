namespace AutLearn.Pruning;

/// <summary>How many weights of one tensor are zero.</summary>
/// <param name="Name">The initializer's name.</param>
/// <param name="Count">Its elements.</param>
/// <param name="Zeros">Its elements that are exactly zero.</param>
public sealed record WeightSparsity(string Name, long Count, long Zeros)
{
    /// <summary>Gets the share of zeros, in [0, 1].</summary>
    public double Sparsity => Count == 0 ? 0 : (double)Zeros / Count;
}
