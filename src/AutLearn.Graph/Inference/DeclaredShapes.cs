namespace AutLearn.Graph.Inference;

/// <summary>What the shapes count for that a model declares for values it computes.</summary>
public enum DeclaredShapes
{
    /// <summary>One that contradicts what follows from the inputs is an error.</summary>
    Binding,

    /// <summary>One that contradicts what follows from the inputs is replaced, as ONNX Runtime does. Exporters declare what held for their example.</summary>
    Hints,
}
