namespace AutLearn.Graph.Inference;

/// <summary>Infers the output types of one node.</summary>
internal delegate void ShapeRule(ShapeContext context);
