using AutLearn.Graph;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>A parameter of an official set and what becomes of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type and shape.</param>
/// <param name="Fate">What becomes of it.</param>
public sealed record ImportedParameter(string Name, TensorType Type, ParameterFate Fate);
