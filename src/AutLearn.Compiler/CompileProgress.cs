namespace AutLearn.Compiler;

/// <summary>How far a compilation is.</summary>
/// <param name="Stage">What is being done, such as <c>differentiate</c>.</param>
/// <param name="Fraction">The part that is done, in [0, 1].</param>
public sealed record CompileProgress(string Stage, double Fraction);
