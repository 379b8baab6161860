using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>What folding may add to a model, and how much it may read for that: in proportion to the constants that the model came with.</summary>
/// <remarks>
/// One result may take 64 KiB, or as much as the different constants it is computed from. All results together may take 4 MiB
/// more than the model's constants, and computing them may move 64 MiB and 16 times the constants. What lies beyond stays a node, which the runtime computes.
/// </remarks>
internal sealed class FoldingBudget
{
    private const long FreeResultBytes = 1 << 16;
    private const long FreeBytes = 4L << 20;
    private const long FreeWork = 64L << 20;
    private const long WorkPerByte = 16;

    private long _bytes;
    private long _work;

    public FoldingBudget(OnnxModel model)
    {
        long constants = model.Graph.Initializers.Sum(v => (long)v.Initializer!.Bytes.Length);
        _bytes = FreeBytes + constants;
        _work = FreeWork + (WorkPerByte * constants);
    }

    /// <summary>Gets the most bytes that the result of a node may take now; negative where its inputs alone are too much to read.</summary>
    public long LimitFor(Node node)
    {
        long read = BytesOf(node.Inputs);
        return read > _work ? -1 : Math.Min(Math.Max(FreeResultBytes, BytesOf(node.Inputs.Distinct())), Math.Min(_bytes, _work - read));
    }

    /// <summary>Counts a result.</summary>
    public void Spend(Node node, Tensor result)
    {
        // A result that shares its bytes with an input, as a reshaped constant does, adds nothing.
        if (node.Input(0)?.Initializer is { } source && source.Bytes.Equals(result.Bytes))
            return;
        _bytes -= result.Bytes.Length;
        _work -= result.Bytes.Length + BytesOf(node.Inputs);
    }

    private static long BytesOf(IEnumerable<Value?> inputs) => inputs.Sum(i => (long)(i?.Initializer?.Bytes.Length ?? 0));
}
