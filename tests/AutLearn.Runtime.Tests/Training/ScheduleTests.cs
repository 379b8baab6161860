using AutLearn.Runtime.Training;

namespace AutLearn.Runtime.Tests.Training;

[Trait("Category", "Unit")]
public sealed class ScheduleTests
{
    [Fact]
    public void RateAt_Step_FallsByTheFactorEveryInterval()
    {
        var schedule = new StepSchedule(0.8, 10, 0.5);
        Assert.Equal([0.8, 0.8, 0.4, 0.4, 0.1], new long[] { 0, 9, 10, 19, 30 }.Select(s => schedule.RateAt(s, ScheduleState.Initial)));
    }

    [Fact]
    public void RateAt_Cosine_RisesInALineAndFallsAlongHalfACosine()
    {
        var schedule = new CosineSchedule(1, 110, 10, 0.2);
        double At(long step) => schedule.RateAt(step, ScheduleState.Initial);
        Assert.Equal(0.1, At(0), 12);
        Assert.Equal(1, At(9), 12);
        Assert.Equal(1, At(10), 12);
        Assert.Equal(0.6, At(60), 12);
        Assert.Equal(0.2 + (0.4 * (1 + Math.Cos(Math.PI * 0.75))), At(85), 12);
        Assert.Equal(0.2, At(110), 12);
        Assert.Equal(0.2, At(10_000), 12);
        Assert.True(new CosineSchedule(1, 10).RateAt(10, ScheduleState.Initial) > 0);
    }

    [Fact]
    public void Observe_Plateau_ReducesAfterPatience()
    {
        var schedule = new ReduceOnPlateau(1, factor: 0.5, patience: 1, minimumLearningRate: 0.2);
        ScheduleState state = ScheduleState.Initial;
        double[] rates = [.. new[] { 3.0, 2.0, 2.0, 1.9999, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0 }.Select(loss =>
        {
            state = schedule.Observe(state, loss);
            return schedule.RateAt(0, state);
        })];

        // 1.9999 is not below 2 (1 - 1e-4), so the third and fourth are the two bad ones.
        Assert.Equal([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2], rates);
    }

    [Fact]
    public void Create_ValuesOutOfRange_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConstantSchedule(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StepSchedule(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StepSchedule(1, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(1, 10, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(1, 10, 0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReduceOnPlateau(1, patience: -1));
    }
}
