using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Finds the value that the loss reads.</summary>
internal static class ScoresSearch
{
    /// <summary>Finds it by name, or as what feeds a final activation, or as an output.</summary>
    /// <exception cref="AutLearnException">The name is unknown, or no rule leads to one value.</exception>
    public static Value Find(OnnxGraph graph, string? name, Loss loss)
    {
        if (name is not null)
            return graph.Find(name) ?? throw new AutLearnException($"The model has no value '{name}' that the loss could read. Its outputs are {Outputs(graph)}.");
        if (graph.Outputs.Count == 0)
            throw new InvalidModelException("The model has no outputs.");
        if (loss.ReadsLogits)
        {
            Value[] before = [.. graph.Outputs.Select(BeforeActivation).OfType<Value>().Distinct()];
            if (before.Length == 1)
                return before[0];
        }

        Value? named = graph.Outputs.FirstOrDefault(o => o.Name == "logits");
        if (named is not null)
            return named;
        Value[] outputs = [.. graph.Outputs.Distinct()];
        return outputs.Length == 1
            ? outputs[0]
            : throw new AutLearnException($"The model has the outputs {Outputs(graph)}, and none is clearly what the loss reads. Give its name as LogitsName.");
    }

    /// <summary>Finds what the loss of one of several tasks reads: the output, or what feeds its final activation.</summary>
    /// <exception cref="AutLearnException">There is no value of that name.</exception>
    public static Value FindTask(OnnxGraph graph, string output, Loss loss)
    {
        Value named = Find(graph, output, loss);
        return loss.ReadsLogits ? BeforeActivation(named) ?? named : named;
    }

    private static Value? BeforeActivation(Value output)
    {
        Value? value = BehindViews(output);

        // The number of the largest score stands for the scores, in the shape in which they are compared.
        Value? ordered = value?.Producer is { Domain: "", OpType: "Transpose" } turn ? BehindViews(turn.Input(0)) : value;
        Value? compared = ordered?.Producer is { Domain: "", OpType: "ArgMax" } largest ? largest.Input(0) : null;
        value = compared ?? value;
        return value?.Producer is { Domain: "", OpType: "Softmax" or "LogSoftmax" or "Sigmoid" } activation ? activation.Input(0) : compared;
    }

    private static Value? BehindViews(Value? value)
    {
        while (value?.Producer is { Domain: "", OpType: "Identity" or "Reshape" or "Flatten" or "Squeeze" } producer)
            value = producer.Input(0);
        return value;
    }

    private static string Outputs(OnnxGraph graph) => string.Join(", ", graph.Outputs.Select(o => $"'{o.Name}'"));
}
