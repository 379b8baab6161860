using AutLearn.Runtime.Scheduling;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Scheduling;

[Trait("Category", "Unit")]
public sealed class TrainingPolicyTests
{
    private readonly FakeTimeProvider _time = new();

    /// <summary>Gets a state in which the default policy allows training.</summary>
    internal static DeviceState Ready { get; } = new()
    {
        IsCharging = Ternary.True,
        HasBattery = Ternary.True,
        BatteryLevel = 0.8,
        IsSavingBattery = Ternary.False,
        IsScreenOn = Ternary.False,
        IsSessionIdle = Ternary.True,
        Thermal = ThermalLevel.None,
        MemoryPressure = 0,
        CpuPressure = 0.1,
        FreeStorageInBytes = 1L << 30,
    };

    [Fact]
    public void Evaluate_ConditionsHold_AllowsAfterTheyHaveSettled()
    {
        TrainingPolicy policy = new(null, _time);
        Assert.Equal((false, TimeSpan.FromMinutes(1)), Of(policy.Evaluate(Ready)));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((false, TimeSpan.FromSeconds(1)), Of(policy.Evaluate(Ready)));

        // The screen flashes: settling begins anew.
        Assert.Equal((false, null), Of(policy.Evaluate(Ready with { IsScreenOn = Ternary.True })));
        Assert.Equal((false, TimeSpan.FromMinutes(1)), Of(policy.Evaluate(Ready)));
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal((true, TimeSpan.Zero), Of(policy.Evaluate(Ready)));
    }

    [Fact]
    public void Evaluate_WallClockSet_ChangesNothing()
    {
        var time = new SteppingClock();
        TrainingPolicy policy = new(null, time);
        Assert.False(policy.Evaluate(Ready).IsAllowed);
        time.Wall += TimeSpan.FromDays(400);
        Assert.False(policy.Evaluate(Ready).IsAllowed);
        time.Wall -= TimeSpan.FromDays(4000);
        time.Monotonic += TimeSpan.FromMinutes(1);
        Assert.True(policy.Evaluate(Ready).IsAllowed);
    }

    [Fact]
    public void Evaluate_TimestampsGoBackByYears_SettlesAnew()
    {
        var time = new FakeTimeProvider(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        TrainingPolicy policy = new(null, time);
        Assert.False(policy.Evaluate(Ready).IsAllowed);
        time.AdjustTime(time.GetUtcNow().AddYears(-20));
        Assert.Equal((false, TimeSpan.FromMinutes(1)), Of(policy.Evaluate(Ready)));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(policy.Evaluate(Ready).IsAllowed);
    }

    public static TheoryData<string, DeviceSignal> Blocks => new()
    {
        { "charging", DeviceSignal.Charging }, { "screen", DeviceSignal.UserAway }, { "battery", DeviceSignal.BatteryLevel }, { "saver", DeviceSignal.BatterySaver },
        { "thermal", DeviceSignal.Thermal }, { "memory", DeviceSignal.MemoryPressure }, { "cpu", DeviceSignal.CpuPressure }, { "storage", DeviceSignal.Storage },
    };

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Evaluate_OneConditionFails_BlocksAtOnceAndNamesIt(string which, DeviceSignal signal)
    {
        DeviceState state = which switch
        {
            "charging" => Ready with { IsCharging = Ternary.False },
            "screen" => Ready with { IsScreenOn = Ternary.True },
            "battery" => Ready with { BatteryLevel = 0.2 },
            "saver" => Ready with { IsSavingBattery = Ternary.True },
            "thermal" => Ready with { Thermal = ThermalLevel.Moderate },
            "memory" => Ready with { MemoryPressure = 0.5 },
            "cpu" => Ready with { CpuPressure = 0.8 },
            _ => Ready with { FreeStorageInBytes = 100 << 20 },
        };
        TrainingPolicy policy = Allowed();
        PolicyDecision decision = policy.Evaluate(state);
        Assert.Equal((false, null), Of(decision));
        PolicyCondition blocking = Assert.Single(decision.Blocking);
        Assert.Equal((signal, Ternary.False), (blocking.Signal, blocking.IsMet));
        Assert.Equal(Enum.GetValues<DeviceSignal>(), decision.Conditions.Select(c => c.Signal));
    }

    [Fact]
    public void Evaluate_AllUnknown_BlocksByTheDefaultRules()
    {
        TrainingPolicy policy = new(null, _time);
        PolicyDecision decision = policy.Evaluate(DeviceState.Unknown);
        Assert.Equal([DeviceSignal.Charging, DeviceSignal.UserAway, DeviceSignal.BatteryLevel], decision.Blocking.Select(c => c.Signal));
        Assert.All(decision.Conditions, c => Assert.Equal(Ternary.Unknown, c.IsMet));
    }

    [Fact]
    public void Evaluate_UnknownRules_AreTheAppsOwn()
    {
        var options = new TrainingPolicyOptions { SettleTime = TimeSpan.Zero };
        foreach (DeviceSignal signal in Enum.GetValues<DeviceSignal>())
            options.Unknown[signal] = UnknownRule.Allows;
        Assert.True(new TrainingPolicy(options, _time).Evaluate(DeviceState.Unknown).IsAllowed);
        options.Unknown[DeviceSignal.Thermal] = UnknownRule.Blocks;
        Assert.Equal(DeviceSignal.Thermal, Assert.Single(new TrainingPolicy(options, _time).Evaluate(DeviceState.Unknown).Blocking).Signal);
    }

    [Theory]
    [InlineData(AwayCondition.ScreenOff, Ternary.False, Ternary.False, true)]
    [InlineData(AwayCondition.ScreenOff, Ternary.True, Ternary.True, false)]
    [InlineData(AwayCondition.ScreenOff, Ternary.Unknown, Ternary.True, true)]
    [InlineData(AwayCondition.ScreenOff, Ternary.Unknown, Ternary.Unknown, false)]
    [InlineData(AwayCondition.SessionIdle, Ternary.True, Ternary.True, true)]
    [InlineData(AwayCondition.SessionIdle, Ternary.False, Ternary.Unknown, false)]
    [InlineData(AwayCondition.ScreenOffOrSessionIdle, Ternary.True, Ternary.True, true)]
    [InlineData(AwayCondition.ScreenOffOrSessionIdle, Ternary.False, Ternary.Unknown, true)]
    [InlineData(AwayCondition.ScreenOffOrSessionIdle, Ternary.True, Ternary.Unknown, false)]
    [InlineData(AwayCondition.Always, Ternary.True, Ternary.False, true)]
    public void Evaluate_UserAway_FollowsItsCondition(AwayCondition condition, Ternary screenOn, Ternary idle, bool expected)
    {
        TrainingPolicy policy = new(new() { UserAway = condition, SettleTime = TimeSpan.Zero }, _time);
        Assert.Equal(expected, policy.Evaluate(Ready with { IsScreenOn = screenOn, IsSessionIdle = idle }).IsAllowed);
    }

    [Fact]
    public void Evaluate_Levels_NeedLessToGoOnThanToBegin()
    {
        DeviceState low = Ready with { BatteryLevel = 0.26 };
        DeviceState busy = Ready with { CpuPressure = 0.6, MemoryPressure = 0.35, FreeStorageInBytes = 130L << 20 };
        Assert.Null(new TrainingPolicy(null, _time).Evaluate(low).SettlesIn);
        Assert.Equal(3, new TrainingPolicy(null, _time).Evaluate(busy).Blocking.Count());
        Assert.True(Allowed().Evaluate(low).IsAllowed);
        Assert.True(Allowed().Evaluate(busy).IsAllowed);
        Assert.False(Allowed().Evaluate(Ready with { BatteryLevel = 0.24 }).IsAllowed);
        Assert.True(new TrainingPolicy(new() { SettleTime = TimeSpan.Zero }, _time).Evaluate(Ready with { BatteryLevel = 0.3 }).IsAllowed);
    }

    [Fact]
    public void Evaluate_Heat_WaitsUntilTwoStepsBelow()
    {
        TrainingPolicy policy = new(new() { SettleTime = TimeSpan.Zero }, _time);
        bool[] allowed = [.. new[] { ThermalLevel.Light, ThermalLevel.Moderate, ThermalLevel.Light, ThermalLevel.None, ThermalLevel.Light, ThermalLevel.Severe }
            .Select(level => policy.Evaluate(Ready with { Thermal = level }).IsAllowed)];
        Assert.Equal([true, false, false, true, true, false], allowed);
    }

    [Fact]
    public void Evaluate_NoBattery_PassesItsLevel() =>
        Assert.NotNull(new TrainingPolicy(null, _time).Evaluate(Ready with { HasBattery = Ternary.False, BatteryLevel = null }).SettlesIn);

    [Fact]
    public void Constructor_OptionsOutOfRange_Throws()
    {
        Assert.Throws<OptionsValidationException>(() => new TrainingPolicy(new() { BatteryLevel = 1.5 }));
        Assert.Throws<OptionsValidationException>(() => new TrainingPolicy(new() { SettleTime = TimeSpan.FromSeconds(-1) }));
        Assert.Throws<OptionsValidationException>(() => new TrainingPolicy(new() { ThermalLimit = ThermalLevel.None }));
        Assert.Throws<OptionsValidationException>(() => new TrainingPolicy(new() { UserAway = (AwayCondition)9 }));
        Assert.Throws<OptionsValidationException>(() => new TrainingPolicy(new() { FreeStorageInBytes = -1 }));
    }

    private static (bool IsAllowed, TimeSpan? SettlesIn) Of(PolicyDecision decision) => (decision.IsAllowed, decision.SettlesIn);

    private TrainingPolicy Allowed()
    {
        TrainingPolicy policy = new(null, _time);
        policy.Evaluate(Ready);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(policy.Evaluate(Ready).IsAllowed);
        return policy;
    }

    private sealed class SteppingClock : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public TimeSpan Monotonic { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Monotonic.Ticks;
    }
}
