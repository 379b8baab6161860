using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>A loss that was found in a graph.</summary>
/// <param name="Loss">The loss; null where AutLearn has none like it.</param>
/// <param name="Scores">What it reads.</param>
/// <param name="AreClassesSecond">Whether the classes are the scores' second dimension, as ONNX has it, and not their last.</param>
/// <param name="Problem">Why AutLearn has no such loss; null where it has.</param>
internal sealed record RecognizedLoss(Loss? Loss, Value Scores, bool AreClassesSecond = false, string? Problem = null);
