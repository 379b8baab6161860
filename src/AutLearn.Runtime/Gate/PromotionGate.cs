using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Gate;

/// <summary>Compares a candidate with the serving model on the same held-out labels.</summary>
/// <remarks>
/// <para>The candidate passes if its accuracy is at most the margin below the serving model's, and if an exact paired test does not
/// find it worse. The test is McNemar's (Psychometrika 12, 1947) in its exact one-sided form: labels on which both models agree say nothing;
/// of the others, as many lost as gained are expected if neither is better. With equal accuracy the mean loss decides.</para>
/// <para>Where the artifacts do not count correct labels, the mean loss alone decides. Safe for use by several threads.</para>
/// </remarks>
public sealed class PromotionGate
{
    private readonly double _margin;
    private readonly double _significance;
    private readonly int _minimumLabels;

    /// <summary>Creates a gate.</summary>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public PromotionGate(GateOptions? options = null)
    {
        options ??= new();
        ValidateOptionsResult valid = new GateOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(GateOptions), typeof(GateOptions), valid.Failures);
        _margin = options.Margin;
        _significance = options.Significance;
        _minimumLabels = options.MinimumLabels;
    }

    /// <summary>Decides.</summary>
    /// <param name="serving">The serving model on the hold-out.</param>
    /// <param name="candidate">The candidate on the same rows in the same order.</param>
    /// <exception cref="ArgumentException">The two were not measured on the same labels.</exception>
    public GateReport Decide(EvaluationResult serving, EvaluationResult candidate)
    {
        ArgumentNullException.ThrowIfNull(serving);
        ArgumentNullException.ThrowIfNull(candidate);
        if (serving.LabelCount != candidate.LabelCount || serving.CorrectRows.Length != candidate.CorrectRows.Length)
            throw new ArgumentException("The candidate was measured on other rows than the serving model.", nameof(candidate));
        long gained = 0, lost = 0;
        for (int i = 0; i < serving.CorrectRows.Length; i++)
        {
            if (candidate.CorrectRows[i] && !serving.CorrectRows[i])
                gained++;
            else if (serving.CorrectRows[i] && !candidate.CorrectRows[i])
                lost++;
        }

        double worse = TailProbability(lost, gained + lost);
        return new(
            Verdict(serving, candidate, worse),
            serving.LabelCount,
            serving.CorrectCount,
            candidate.CorrectCount,
            gained,
            lost,
            serving.Loss,
            candidate.Loss,
            worse);
    }

    /// <summary>The chance of at least <paramref name="successes"/> heads in as many fair throws.</summary>
    internal static double TailProbability(long successes, long throws)
    {
        // Sums of logarithms: the binomial coefficients themselves leave the range of a double beyond a thousand throws.
        double logCoefficient = 0, sum = 0;
        double logHalf = throws * Math.Log(0.5);
        for (long k = 0; k <= throws; k++)
        {
            if (k > 0)
                logCoefficient += Math.Log(throws - k + 1) - Math.Log(k);
            if (k >= successes)
                sum += Math.Exp(logCoefficient + logHalf);
        }

        return Math.Min(sum, 1);
    }

    private GateVerdict Verdict(EvaluationResult serving, EvaluationResult candidate, double worsePValue)
    {
        if (serving.LabelCount < _minimumLabels)
            return GateVerdict.TooFewLabels;
        if (!double.IsFinite(candidate.Loss))
            return GateVerdict.Worse;
        if (serving.CorrectCount is not { } servingCorrect || candidate.CorrectCount is not { } candidateCorrect)
            return candidate.Loss <= serving.Loss ? GateVerdict.Promoted : GateVerdict.Worse;
        if (candidateCorrect == servingCorrect)
            return candidate.Loss <= serving.Loss ? GateVerdict.Promoted : GateVerdict.Worse;
        bool isWithinMargin = candidateCorrect + (_margin * serving.LabelCount) >= servingCorrect;
        return isWithinMargin && (candidateCorrect > servingCorrect || worsePValue >= _significance) ? GateVerdict.Promoted : GateVerdict.Worse;
    }
}
