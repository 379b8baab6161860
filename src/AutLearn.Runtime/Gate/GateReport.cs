namespace AutLearn.Runtime.Gate;

/// <summary>A decision of the gate and what it rests on. Holds counts only, nothing of the samples.</summary>
/// <param name="Verdict">The decision.</param>
/// <param name="Labels">The labels compared.</param>
/// <param name="ServingCorrect">Those that the serving model predicts; null where the artifacts do not count them.</param>
/// <param name="CandidateCorrect">Those that the candidate predicts.</param>
/// <param name="Gained">Labels that only the candidate predicts.</param>
/// <param name="Lost">Labels that only the serving model predicts.</param>
/// <param name="ServingLoss">The serving model's mean loss.</param>
/// <param name="CandidateLoss">The candidate's mean loss.</param>
/// <param name="WorsePValue">The chance of so many lost labels among the changed ones if the candidate were as good (exact sign test, one-sided).</param>
public sealed record GateReport(
    GateVerdict Verdict,
    long Labels,
    long? ServingCorrect,
    long? CandidateCorrect,
    long Gained,
    long Lost,
    double ServingLoss,
    double CandidateLoss,
    double WorsePValue)
{
    /// <summary>Gets whether the candidate may serve.</summary>
    public bool IsPromoted => Verdict == GateVerdict.Promoted;
}
