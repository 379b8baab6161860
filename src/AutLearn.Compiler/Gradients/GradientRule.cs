using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Derives the input gradients of one node.</summary>
/// <param name="context">The node, the gradients of its outputs, and the means to add operators.</param>
/// <returns>One entry per forward input, in order; null where no gradient flows.</returns>
public delegate Value?[] GradientRule(GradientContext context);
