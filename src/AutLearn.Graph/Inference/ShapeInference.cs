namespace AutLearn.Graph.Inference;

/// <summary>Fills in types and shapes.</summary>
public static class ShapeInference
{
    /// <summary>Infers the types of one node's outputs from the types of its inputs.</summary>
    /// <param name="node">A node whose inputs carry their types.</param>
    /// <param name="opset">The version of the default domain.</param>
    /// <exception cref="InvalidModelException">The inputs contradict each other.</exception>
    public static void InferNode(Node node, long opset)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentOutOfRangeException.ThrowIfNegative(opset);
    }
}
