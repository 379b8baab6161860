using AutLearn.Graph;

namespace AutLearn.Compiler.Analysis;

/// <summary>A constant of a model that holds weights.</summary>
/// <param name="Name">Its name, as <see cref="TrainableSelection"/> matches it.</param>
/// <param name="ElementType">What it is stored as.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Count">The number of its elements.</param>
/// <param name="SizeInBytes">The bytes that it is stored in.</param>
/// <param name="Layer">The layer that it belongs to, from 0 in the order towards the outputs; null for what is no layer's.</param>
/// <param name="Obstacle">Why it cannot be trained; null where it can.</param>
public sealed record ModelParameter(string Name, ElementType ElementType, Shape Shape, long Count, long SizeInBytes, int? Layer, string? Obstacle);
