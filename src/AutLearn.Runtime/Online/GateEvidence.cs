namespace AutLearn.Runtime.Online;

/// <summary>What a gate has measured so far and decided from it, as it outlives the process.</summary>
/// <param name="ServesCandidate">Whether the candidate serves; the anchor does else.</param>
/// <param name="MayServe">What the last batch decided.</param>
/// <param name="Promotions">How often the candidate came to serve.</param>
/// <param name="Rollbacks">How often the anchor did again.</param>
/// <param name="Anchor">The anchor on each batch of the window.</param>
/// <param name="Candidate">The candidate on the same.</param>
internal sealed record GateEvidence(bool ServesCandidate, bool MayServe, long Promotions, long Rollbacks, EvaluationResult[] Anchor, EvaluationResult[] Candidate)
{
    /// <summary>Gets whether both models were measured on the same labels.</summary>
    public bool IsSound =>
        Promotions >= 0 && Rollbacks >= 0 && Anchor is not null && Candidate is not null && Anchor.Length == Candidate.Length
        && Anchor.Zip(Candidate).All(p => IsMeasured(p.First) && IsMeasured(p.Second) && p.First.LabelCount == p.Second.LabelCount && p.First.CorrectRows.Length == p.Second.CorrectRows.Length);

    private static bool IsMeasured(EvaluationResult? result) => result is { LabelCount: > 0 and <= int.MaxValue, CorrectRows.IsDefault: false };
}
