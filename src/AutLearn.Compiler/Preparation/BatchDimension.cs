using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Preparation;

/// <summary>Finds the batch among the dimensions of the user's inputs, makes it their first one, frees it where it is fixed, and infers all shapes.</summary>
/// <remarks>
/// By the first rule that fits, the batch is: a symbol called like one (<c>batch_size</c>, <c>N</c>), on any axis; the symbol that an input begins with;
/// the number that the first input with two dimensions and more begins with. An input without it stays as it is: a scalar, a table beside the rows,
/// positions along a sequence.
/// </remarks>
internal static class BatchDimension
{
    private const string DefaultSymbol = "N";

    /// <summary>Names the batch.</summary>
    /// <returns>The symbol.</returns>
    /// <exception cref="InvalidModelException">No input has a batch, or a fixed one cannot be made free.</exception>
    public static string Resolve(OnnxModel model, CancellationToken cancellationToken)
    {
        OnnxGraph graph = model.Graph;
        Value[] inputs = [.. graph.Inputs.Where(i => i.Initializer is null)];
        if (inputs.Length == 0)
            throw new InvalidModelException("The model has no inputs.");
        foreach (Value input in inputs)
        {
            if (input.Shape is null)
                throw new InvalidModelException($"Input '{input.Name}' is {input.Type?.ToString() ?? "of unknown type"}; every input needs a known rank. Declare its shape, or fix its value (--fix).");
            OpenSizes.Name(input);
        }

        ForgetDeclaredSymbols(graph);
        string? symbol = SymbolOf(inputs);
        long? fixedBatch = symbol is null ? FixedBatchOf(inputs) : null;
        symbol ??= FreeSymbol(inputs);
        foreach (Value input in inputs)
        {
            if (AxisOf(input.Shape!, symbol, fixedBatch, inputs) is not { } axis)
                continue;
            input.Type = new TensorType(input.ElementType, input.Shape!.With(axis, symbol));
            if (axis > 0)
                BatchFirst.Turn(model, input, axis);
        }

        if (fixedBatch is { } size)
            new FixedBatch(model, size, symbol).Free(cancellationToken);
        ShapeInference.Infer(model, DeclaredShapes.Hints, cancellationToken);
        return symbol;
    }

    // Symbols of computed values are what an exporter wrote, not what follows from the inputs: sizes of pictures are copied to maps of half the size.
    private static void ForgetDeclaredSymbols(OnnxGraph graph)
    {
        foreach (Value value in graph.Values.Where(v => v.Producer is not null))
        {
            if (value.Type is { Shape: { } shape } type && shape.Any(d => d.Symbol is not null))
                value.Type = type with { Shape = new(shape.Select(d => d.Symbol is null ? d : Dimension.Unknown)) };
        }
    }

    private static string? SymbolOf(Value[] inputs)
    {
        string[] all = [.. inputs.SelectMany(i => i.Shape!).Select(d => d.Symbol).OfType<string>()];
        string[] first = [.. inputs.Where(i => i.Shape!.Rank > 0).Select(i => i.Shape![0].Symbol).OfType<string>()];
        HashSet<string> later = [.. inputs.SelectMany(i => i.Shape!.Skip(1)).Select(d => d.Symbol).OfType<string>()];
        return first.FirstOrDefault(IsCalledBatch)
            ?? all.FirstOrDefault(IsCalledBatch)
            ?? first.FirstOrDefault(s => !later.Contains(s))
            ?? first.FirstOrDefault();
    }

    private static bool IsCalledBatch(string symbol) =>
        symbol.Contains("batch", StringComparison.OrdinalIgnoreCase) || symbol is "N" or "B" or "n" or "b" or "bs" or "bsz" or "None";

    private static long FixedBatchOf(Value[] inputs)
    {
        Value? data = inputs.FirstOrDefault(i => i.Shape!.Rank > 1) ?? inputs.FirstOrDefault(i => i.Shape!.Rank > 0);
        return data?.Shape![0].Size
            ?? throw new InvalidModelException($"No input has a batch: {string.Join(", ", inputs.Select(i => $"'{i.Name}' is {i.Type}"))}. Export the model so that rows stand along the first dimension.");
    }

    private static string FreeSymbol(Value[] inputs)
    {
        var used = inputs.SelectMany(i => i.Shape!).Select(d => d.Symbol).ToHashSet();
        string symbol = DefaultSymbol;
        while (used.Contains(symbol))
            symbol += "_";
        return symbol;
    }

    private static int? AxisOf(Shape shape, string symbol, long? fixedBatch, Value[] inputs)
    {
        int own = shape.Select((d, i) => (d, i)).Where(p => p.d.Symbol == symbol).Select(p => p.i).FirstOrDefault(-1);
        if (own >= 0)
            return own;
        if (shape.Rank == 0)
            return null;
        if (fixedBatch is { } size)
            return shape[0].Is(size) ? 0 : shape.Rank > 2 && shape[1].Is(size) ? 1 : null;

        // Another symbol in front is the batch under another name, unless it is the length of something else.
        bool isLength = shape[0].IsKnown || inputs.Any(i => i.Shape!.Skip(1).Contains(shape[0]));
        return isLength ? null : 0;
    }
}
