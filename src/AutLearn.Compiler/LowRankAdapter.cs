using System.Collections.Immutable;

namespace AutLearn.Compiler;

/// <summary>Low-rank adapters (LoRA): trained products of two thin matrices beside weights that stay as they are.</summary>
/// <remarks>
/// A product x W becomes x W + (Alpha / Rank) (x A) B, with A [K, Rank] uniform in plus or minus 1/sqrt(K) and B [Rank, M] zero, so that training
/// starts from the model as it is. Beside a convolution, one with A [Rank, K, ...] of the same kernel and one with B [M, Rank, 1, ...] do the same. The parameters are called <c>NAME.lora_A</c> and <c>NAME.lora_B</c> after the weight, and are all that a
/// device stores; its export adds the product to W. Hu et al., LoRA, arXiv:2106.09685.
/// Immutable; safe for use by several threads.
/// </remarks>
public sealed class LowRankAdapter
{
    private const int LargestRank = 4096;

    /// <summary>Gets which weights get one: patterns of the weight's name or its node's, in which <c>*</c> stands for any characters and <c>?</c> for one. Each must fit something.</summary>
    /// <value>The default is every weight of a Gemm, a MatMul or a convolution in one group that the scores depend on.</value>
    public ImmutableArray<string> On
    {
        get;
        init => field = !value.IsDefaultOrEmpty && !value.Any(string.IsNullOrEmpty) ? value : throw new ArgumentException("At least one pattern is needed, and none may be empty.", nameof(value));
    } = ["*"];

    /// <summary>Gets the width of the thin matrices.</summary>
    /// <value>From 1 to 4096. The default is 8.</value>
    public int Rank
    {
        get;
        init => field = value is >= 1 and <= LargestRank ? value : throw new ArgumentOutOfRangeException(nameof(value), value, $"The rank lies in [1, {LargestRank}].");
    } = 8;

    /// <summary>Gets what the adapters' products are weighed by, times the rank.</summary>
    /// <value>Finite and above 0. The default is 16.</value>
    public double Alpha
    {
        get;
        init => field = value > 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Alpha is finite and above 0.");
    } = 16;

    /// <summary>Gets what decides the first values of A. Equal seeds give equal values.</summary>
    public int Seed { get; init; }

    internal bool Fits(string weight, string node) => On.Any(p => TrainableSelection.Fits(p, weight) || TrainableSelection.Fits(p, node));
}
