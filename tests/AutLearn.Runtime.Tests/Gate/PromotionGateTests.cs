using AutLearn.Runtime.Gate;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Tests.Gate;

[Trait("Category", "Unit")]
public sealed class PromotionGateTests
{
    [Theory]
    [InlineData(0, 0, 0.0, GateVerdict.Promoted)]
    [InlineData(3, 2, 0.0, GateVerdict.Promoted)]
    [InlineData(2, 3, 0.0, GateVerdict.Worse)]
    [InlineData(2, 3, 0.01, GateVerdict.Promoted)]
    [InlineData(0, 5, 0.04, GateVerdict.Worse)]
    [InlineData(0, 4, 0.04, GateVerdict.Promoted)]
    [InlineData(0, 5, 0.05, GateVerdict.Worse)]
    public void Decide_GainsAndLosses_FollowMarginAndTest(int gained, int lost, double margin, GateVerdict verdict)
    {
        (EvaluationResult serving, EvaluationResult candidate) = Pair(100, gained, lost);
        GateReport report = new PromotionGate(new() { Margin = margin }).Decide(serving, candidate);
        Assert.Equal((verdict, (long)gained, (long)lost), (report.Verdict, report.Gained, report.Lost));
        Assert.Equal(verdict == GateVerdict.Promoted, report.IsPromoted);
    }

    [Fact]
    public void Decide_EqualAccuracy_LetsTheLossDecide()
    {
        (EvaluationResult serving, EvaluationResult candidate) = Pair(100, 3, 3);
        var gate = new PromotionGate();
        Assert.True(gate.Decide(serving, candidate with { Loss = serving.Loss }).IsPromoted);
        Assert.False(gate.Decide(serving, candidate with { Loss = serving.Loss + 1e-6 }).IsPromoted);
        Assert.False(gate.Decide(serving, candidate with { Loss = double.NaN }).IsPromoted);
    }

    [Fact]
    public void Decide_FewLabels_KeepsTheServingModel()
    {
        (EvaluationResult serving, EvaluationResult candidate) = Pair(15, 10, 0);
        Assert.Equal(GateVerdict.TooFewLabels, new PromotionGate().Decide(serving, candidate).Verdict);
    }

    [Fact]
    public void Decide_OtherRows_Throws()
    {
        (EvaluationResult serving, _) = Pair(100, 0, 0);
        (_, EvaluationResult candidate) = Pair(99, 0, 0);
        Assert.Throws<ArgumentException>(() => new PromotionGate().Decide(serving, candidate));
    }

    // Reference: binomial tails by exact integer arithmetic.
    [Theory]
    [InlineData(5, 5, 1 / 32.0)]
    [InlineData(4, 5, 6 / 32.0)]
    [InlineData(0, 0, 1.0)]
    [InlineData(0, 7, 1.0)]
    [InlineData(8, 10, 56 / 1024.0)]
    public void TailProbability_SmallCounts_IsExact(long successes, long throws, double expected) =>
        Assert.Equal(expected, PromotionGate.TailProbability(successes, throws), 12);

    [Fact]
    public void TailProbability_ManyThrows_StaysFinite()
    {
        double half = PromotionGate.TailProbability(5001, 10_000);
        Assert.InRange(half, 0.49, 0.5);
        Assert.InRange(PromotionGate.TailProbability(6000, 10_000), 0, 1e-80);
    }

    [Fact]
    public void Constructor_OptionOutOfRange_Throws() =>
        Assert.Throws<OptionsValidationException>(() => new PromotionGate(new() { Margin = 2 }));

    private static (EvaluationResult Serving, EvaluationResult Candidate) Pair(int labels, int gained, int lost)
    {
        bool[] serving = [.. Enumerable.Range(0, labels).Select(i => i < lost || (i >= gained + lost && i % 2 == 0))];
        bool[] candidate = [.. Enumerable.Range(0, labels).Select(i => i >= lost && (i < gained + lost || i % 2 == 0))];
        return (Result(serving), Result(candidate));
    }

    private static EvaluationResult Result(bool[] correct) => new(0.5, correct.Count(c => c), correct.Length, [.. correct], 1);
}
