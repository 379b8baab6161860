using System.Collections.Immutable;

namespace AutLearn.Compiler.Gradients;

/// <summary>Nodes between the trainable parameters and the loss have no gradient rule.</summary>
public sealed class UnsupportedGradientException : AutLearnException
{
    /// <summary>Creates the error.</summary>
    public UnsupportedGradientException(ImmutableArray<string> nodes)
        : base(Describe(nodes)) => Nodes = nodes;

    /// <summary>Gets every unsupported node, as <c>name (operator, opset)</c>.</summary>
    public ImmutableArray<string> Nodes { get; }

    private static string Describe(ImmutableArray<string> nodes) => nodes.Length == 1
        ? $"Node {nodes[0]} has no gradient rule. Freeze the parameters that feed it, or register one with GradientRegistry.Add."
        : $"{nodes.Length} nodes have no gradient rule: {string.Join("; ", nodes)}. Freeze the parameters that feed them, or register rules with GradientRegistry.Add.";
}
