namespace AutLearn.Runtime.Scheduling.Windows;

/// <summary>Turns what Windows answers into signals. Processor load is the mean since the reading before.</summary>
internal sealed class WindowsInterpreter(TimeSpan idleAfter)
{
    private const byte UnknownValue = 255;
    private const byte NoBattery = 128;

    // Windows itself signals low memory at about this load on common machines.
    private const uint LowMemoryPercent = 95;

    private ProcessorTimes? _before;

    public DeviceState Interpret(WindowsReading reading)
    {
        double? load = null;
        if (reading.Processors is { } now)
        {
            if (_before is { } before && now.Busy + now.Idle > before.Busy + before.Idle)
                load = Math.Clamp((double)(now.Busy - before.Busy) / (now.Busy + now.Idle - before.Busy - before.Idle), 0, 1);
            _before = now;
        }

        var state = new DeviceState
        {
            CpuPressure = load,
            MemoryPressure = reading.MemoryLoad is { } used ? used >= LowMemoryPercent ? 1 : 0 : null,
            IsSessionIdle = reading.SinceInput is { } milliseconds ? TernaryLogic.Of(milliseconds >= idleAfter.TotalMilliseconds) : Ternary.Unknown,
        };
        if (reading.Power is not { } power)
            return state;
        Ternary hasBattery = power.BatteryFlag == UnknownValue ? Ternary.Unknown : TernaryLogic.Of((power.BatteryFlag & NoBattery) == 0);
        return state with
        {
            HasBattery = hasBattery,
            BatteryLevel = power.BatteryLifePercent <= 100 && hasBattery != Ternary.False ? power.BatteryLifePercent / 100.0 : null,
            IsCharging = power.AcLineStatus switch
            {
                0 => Ternary.False,
                1 => Ternary.True,
                _ => hasBattery == Ternary.False ? Ternary.True : Ternary.Unknown,
            },
            IsSavingBattery = power.SystemStatusFlag switch
            {
                0 => Ternary.False,
                1 => Ternary.True,
                _ => Ternary.Unknown,
            },
        };
    }
}
