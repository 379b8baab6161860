using AutLearn.Graph;

namespace AutLearn.Compiler.Losses;

/// <summary>What a loss adds to a graph. Terms that a model does not output are dropped as dead nodes.</summary>
/// <param name="Loss">The scalar loss.</param>
/// <param name="ScoresGradient">d(loss)/d(scores), of the scores' shape; Float32 for scores of half precision.</param>
/// <param name="Weight">What the loss is a mean over: the sum of the weights of all labels that count, in the gradient's type.</param>
/// <param name="LabelCount">How many labels count, Int64 scalar.</param>
/// <param name="CorrectCount">How many of them are predicted right, Int64 scalar; null where right and wrong mean nothing.</param>
/// <param name="CorrectRows">Which labels are predicted right, Bool of the labels' shape; null as above.</param>
internal sealed record LossTerms(Value Loss, Value ScoresGradient, Value Weight, Value LabelCount, Value? CorrectCount, Value? CorrectRows);
