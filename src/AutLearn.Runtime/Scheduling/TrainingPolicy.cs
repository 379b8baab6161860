using System.Globalization;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Decides from the device's state whether training may run.</summary>
/// <remarks>
/// Every condition must hold for <see cref="TrainingPolicyOptions.SettleTime"/> before training may begin, and one that fails ends it at once.
/// Levels have hysteresis: what is enough to go on is less than what is needed to begin. Time is measured on the monotonic clock, so that
/// setting the wall clock changes nothing. Thread-safe.
/// </remarks>
public sealed class TrainingPolicy
{
    private readonly Lock _lock = new();
    private readonly TrainingPolicyOptions _options;
    private readonly Dictionary<DeviceSignal, UnknownRule> _unknown;
    private readonly TimeProvider _time;
    private long? _heldSince;
    private bool _isAllowed;
    private bool _wasHot;

    /// <summary>Creates a policy.</summary>
    /// <param name="options">The conditions; null for the defaults.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public TrainingPolicy(TrainingPolicyOptions? options = null, TimeProvider? timeProvider = null)
    {
        options ??= new();
        ValidateOptionsResult valid = new TrainingPolicyOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(TrainingPolicyOptions), typeof(TrainingPolicyOptions), valid.Failures);
        _options = options.Copy();
        _unknown = new(options.Unknown);
        _time = timeProvider ?? TimeProvider.System;
    }

    /// <summary>Decides for a state read just now. Remembers since when the conditions hold and whether training was allowed.</summary>
    public PolicyDecision Evaluate(DeviceState state) => Evaluate(state, _options.SettleTime);

    /// <summary>Decides where the system itself chose the moment: nothing has to settle.</summary>
    internal PolicyDecision EvaluateGranted(DeviceState state) => Evaluate(state, TimeSpan.Zero);

    /// <summary>Ends what a grant allowed: the next window of the app's own choice begins only once the conditions have settled.</summary>
    internal void EndGrant()
    {
        lock (_lock)
            _isAllowed = false;
    }

    private PolicyDecision Evaluate(DeviceState state, TimeSpan settleTime)
    {
        ArgumentNullException.ThrowIfNull(state);
        lock (_lock)
        {
            PolicyCondition[] conditions =
            [
                Charging(state), UserAway(state), BatteryLevel(state), BatterySaver(state), Thermal(state),
                Pressure(DeviceSignal.MemoryPressure, state.MemoryPressure, _options.MemoryPressure),
                Pressure(DeviceSignal.CpuPressure, state.CpuPressure, _options.CpuPressure),
                Storage(state),
            ];
            if (conditions.Any(c => c.IsBlocking))
            {
                (_isAllowed, _heldSince) = (false, null);
                return new(false, null, conditions);
            }

            long since = _heldSince ?? _time.GetTimestamp();
            TimeSpan left = settleTime - MonotonicTime.Since(_time, ref since);
            _heldSince = since;
            if (_isAllowed || left < TimeSpan.Zero)
                left = TimeSpan.Zero;
            _isAllowed = left == TimeSpan.Zero;
            return new(_isAllowed, left, conditions);
        }
    }

    private ThermalLevel CoolLimit => _options.ThermalLimit == ThermalLevel.Light ? ThermalLevel.Light : _options.ThermalLimit - 1;

    private static string Percent(double share) => (share * 100).ToString("0", CultureInfo.InvariantCulture) + " %";

    private PolicyCondition Charging(DeviceState state) =>
        Condition(
            DeviceSignal.Charging,
            _options.NeedsCharging ? state.IsCharging : Ternary.True,
            _options.NeedsCharging ? "the device is charging" : "none",
            state.IsCharging switch
            {
                Ternary.True => "it is charging",
                Ternary.False => "it is not charging",
                _ => "it does not tell whether it is charging",
            });

    private PolicyCondition UserAway(DeviceState state)
    {
        Ternary screenOff = state.IsScreenOn.Not();
        (Ternary isAway, string requirement) = _options.UserAway switch
        {
            AwayCondition.ScreenOff => (screenOff == Ternary.Unknown ? state.IsSessionIdle : screenOff, "the screen is off"),
            AwayCondition.SessionIdle => (state.IsSessionIdle, "the session is idle"),
            AwayCondition.ScreenOffOrSessionIdle => (screenOff.Or(state.IsSessionIdle), "the screen is off or the session is idle"),
            _ => (Ternary.True, "none"),
        };
        string screen = state.IsScreenOn switch
        {
            Ternary.True => "the screen is on",
            Ternary.False => "the screen is off",
            _ => "it does not tell about its screen",
        };
        string session = state.IsSessionIdle switch
        {
            Ternary.True => "the session is idle",
            Ternary.False => "the session is in use",
            _ => "it does not tell about its session",
        };
        return Condition(DeviceSignal.UserAway, isAway, requirement, $"{screen}, {session}");
    }

    private PolicyCondition BatteryLevel(DeviceState state)
    {
        double needed = _isAllowed ? Math.Max(0, _options.BatteryLevel - _options.BatteryMargin) : _options.BatteryLevel;
        string requirement = $"the battery is at {Percent(needed)} or more";
        if (state.HasBattery == Ternary.False)
            return Condition(DeviceSignal.BatteryLevel, Ternary.True, requirement, "it has no battery");
        if (needed <= 0)
            return Condition(DeviceSignal.BatteryLevel, Ternary.True, "none", "it does not matter");
        return state.BatteryLevel is { } level
            ? Condition(DeviceSignal.BatteryLevel, TernaryLogic.Of(level >= needed), requirement, $"the battery is at {Percent(Math.Floor(level * 100) / 100)}")
            : Condition(DeviceSignal.BatteryLevel, Ternary.Unknown, requirement, "it does not tell its battery level");
    }

    private PolicyCondition BatterySaver(DeviceState state) =>
        Condition(
            DeviceSignal.BatterySaver,
            _options.RunsInBatterySaver ? Ternary.True : state.IsSavingBattery.Not(),
            _options.RunsInBatterySaver ? "none" : "the battery saver is off",
            state.IsSavingBattery switch
            {
                Ternary.True => "the battery saver is on",
                Ternary.False => "the battery saver is off",
                _ => "it does not tell about its battery saver",
            });

    private PolicyCondition Thermal(DeviceState state)
    {
        // Once the limit was reached, one step more, so that a device at the limit does not alternate.
        if (state.Thermal >= _options.ThermalLimit)
            _wasHot = true;
        else if (state.Thermal != ThermalLevel.Unknown && state.Thermal < CoolLimit)
            _wasHot = false;
        ThermalLevel limit = _wasHot ? CoolLimit : _options.ThermalLimit;
        Ternary isMet = state.Thermal == ThermalLevel.Unknown ? Ternary.Unknown : TernaryLogic.Of(state.Thermal < limit);
        return Condition(DeviceSignal.Thermal, isMet, $"the heat is below {limit}", $"the heat is {state.Thermal}");
    }

    private PolicyCondition Pressure(DeviceSignal signal, double? pressure, double limit)
    {
        double allowed = _isAllowed ? Math.Min(1, limit + _options.PressureMargin) : limit;
        string name = signal == DeviceSignal.MemoryPressure ? "memory" : "processor";
        return Condition(
            signal,
            pressure is { } value ? TernaryLogic.Of(value <= allowed) : Ternary.Unknown,
            $"the {name} pressure is at most {Percent(allowed)}",
            pressure is { } known ? $"the {name} pressure is {Percent(known)}" : $"it does not tell its {name} pressure");
    }

    private PolicyCondition Storage(DeviceState state)
    {
        long needed = _isAllowed ? _options.FreeStorageInBytes / 2 : _options.FreeStorageInBytes;
        return Condition(
            DeviceSignal.Storage,
            state.FreeStorageInBytes is { } free ? TernaryLogic.Of(free >= needed) : Ternary.Unknown,
            $"{needed >> 20} MiB of storage are free",
            state.FreeStorageInBytes is { } left ? $"{left >> 20} MiB are free" : "it does not tell its free storage");
    }

    private PolicyCondition Condition(DeviceSignal signal, Ternary isMet, string requirement, string observation) =>
        new(signal, isMet, isMet == Ternary.False || (isMet == Ternary.Unknown && RuleFor(signal) == UnknownRule.Blocks), requirement, observation);

    private UnknownRule RuleFor(DeviceSignal signal) =>
        _unknown.TryGetValue(signal, out UnknownRule rule) ? rule
        : signal is DeviceSignal.Charging or DeviceSignal.UserAway or DeviceSignal.BatteryLevel ? UnknownRule.Blocks
        : UnknownRule.Allows;
}
