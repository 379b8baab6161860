using System.Collections.Immutable;

namespace AutLearn.Runtime;

/// <summary>How well the parameters do on a set of rows.</summary>
/// <param name="Loss">The mean over the labels, in the loss's own unit; batches weigh by their labels. Not a number where no label counts.</param>
/// <param name="CorrectCount">The labels that the model predicts; null where the artifacts do not count them.</param>
/// <param name="LabelCount">The labels that count; ignored ones do not.</param>
/// <param name="CorrectRows">Whether each label is predicted, in order; empty where the artifacts do not tell.</param>
/// <param name="ParameterVersion">The version that was measured.</param>
public sealed record EvaluationResult(double Loss, long? CorrectCount, long LabelCount, ImmutableArray<bool> CorrectRows, long ParameterVersion)
{
    /// <summary>Gets the share of correct labels in [0, 1]; null where the artifacts do not count them.</summary>
    public double? Accuracy => CorrectCount is { } correct && LabelCount > 0 ? (double)correct / LabelCount : null;
}
