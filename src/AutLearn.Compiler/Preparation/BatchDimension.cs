using AutLearn.Compiler.Passes;
using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Preparation;

/// <summary>Gives the first dimension of every user input one symbol.</summary>
internal static class BatchDimension
{
    private const string DefaultSymbol = "N";

    /// <summary>Names the batch, makes a fixed one symbolic, and infers all shapes.</summary>
    /// <returns>The symbol.</returns>
    /// <exception cref="InvalidModelException">An input has no batch dimension, or a fixed batch cannot be made free.</exception>
    public static string Resolve(OnnxModel model, CancellationToken cancellationToken)
    {
        OnnxGraph graph = model.Graph;
        Value[] inputs = [.. graph.Inputs.Where(i => i.Initializer is null)];
        if (inputs.Length == 0)
            throw new InvalidModelException("The model has no inputs.");
        foreach (Value input in inputs)
        {
            if (input.Shape is not { Rank: > 0 })
                throw new InvalidModelException($"Input '{input.Name}' is {input.Type?.ToString() ?? "of unknown type"}; every input needs a known rank and the batch as its first dimension.");
        }

        string symbol = inputs.Select(i => i.Shape![0].Symbol).FirstOrDefault(s => s is not null) ?? DefaultSymbol;
        long? fixedBatch = null;
        bool renamed = false;
        foreach (Value input in inputs)
        {
            Dimension first = input.Shape![0];
            if (first.Symbol == symbol)
                continue;
            if (first.IsKnown)
            {
                if (fixedBatch is { } other && other != first.Size)
                    throw new InvalidModelException($"The inputs have different fixed first dimensions ({other} and {first.Size}), so none can be the batch.");
                fixedBatch = first.Size;
            }

            input.Type = new TensorType(input.ElementType, input.Shape.With(0, symbol));
            renamed = true;
        }

        if (fixedBatch is { } size)
            FreeReshapes(graph, size);
        if (renamed)
            ForgetComputedTypes(graph, symbol);
        try
        {
            ShapeInference.Infer(model, cancellationToken);
        }
        catch (InvalidModelException e) when (fixedBatch is not null)
        {
            throw new InvalidModelException($"The model is exported for a fixed batch of {fixedBatch} and does not work for others ({e.Message}). Export it with a free batch dimension.", e) { NodeName = e.NodeName };
        }

        foreach (Value output in graph.Outputs.Where(_ => fixedBatch is not null))
        {
            if (output.Shape is { Rank: > 0 } shape && shape[0].IsKnown)
                throw new InvalidModelException($"The model is exported for a fixed batch of {fixedBatch}, and output '{output.Name}' keeps shape {shape} for other batches. Export it with a free batch dimension.");
        }

        return symbol;
    }

    // A constant target shape that begins with the fixed batch copies the input's first dimension instead.
    private static void FreeReshapes(OnnxGraph graph, long batch)
    {
        foreach (Node node in graph.Nodes.Where(n => n.Is("Reshape") && n.GetInt("allowzero", 0) == 0))
        {
            if (node.Input(1) is not { IsConstant: true } target || ConstantEvaluator.Integers(target.Initializer) is not { Length: > 0 } sizes || sizes[0] != batch
                || node.Input(0)?.Shape is not { Rank: > 0 } source || !(source[0].Is(batch) || source[0].Symbol is not null))
            {
                continue;
            }

            sizes[0] = 0;
            graph.SetInput(node, 1, graph.AddInitializer(graph.UniqueName($"{target.Name}.free_batch"), Tensor.Vector<long>(sizes)));
        }
    }

    private static void ForgetComputedTypes(OnnxGraph graph, string symbol)
    {
        foreach (Value value in graph.Values.Where(v => v.Producer is { Domain: "" }))
        {
            // The rank and the element type hold for any batch; the sizes are inferred anew.
            if (value.Type is { Shape: { } shape } type)
                value.Type = value.IsOutput && shape.Rank > 0 ? type with { Shape = shape.With(0, symbol) } : type with { Shape = null };
        }
    }
}
