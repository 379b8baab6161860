using AutLearn.Runtime.Scheduling.Linux;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Sums up the energy a Linux device has used since the meter was made; on other platforms it tells nothing.</summary>
/// <remarks>
/// <para>The figure is of the whole processor or device: it contains what others used meanwhile, and is an upper bound of what training cost.</para>
/// <para>RAPL: <c>/sys/class/powercap/intel-rapl:*</c>, also on AMD; newer kernels let only the superuser read it. Battery: <c>power_now</c>, or
/// <c>current_now</c> times <c>voltage_now</c>. Sample at least every few minutes: RAPL's counters wrap, and battery power is summed by the
/// trapezoid rule between samples. Thread-safe.</para>
/// </remarks>
public sealed class EnergyMeter
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly RaplCounters? _rapl;
    private readonly BatteryPower? _battery;
    private long _lastTime;
    private double? _lastWatts;
    private double _joules;

    /// <summary>Creates a meter that begins at zero.</summary>
    /// <param name="root">The root of the file system; tests read recorded devices.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">The root is empty.</exception>
    public EnergyMeter(string root = "/", TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        _time = timeProvider ?? TimeProvider.System;
        var tree = new SystemTree(root);
        _rapl = RaplCounters.Open(tree);
        if (_rapl is null && BatteryPower.Open(tree) is { } battery)
        {
            _battery = battery;
            _lastWatts = battery.Watts();
            _lastTime = _time.GetTimestamp();
        }
    }

    /// <summary>Gets where the figures come from.</summary>
    public EnergySource Source => _rapl is not null ? EnergySource.Rapl : _battery is not null ? EnergySource.Battery : EnergySource.None;

    /// <summary>Reads the energy used so far.</summary>
    /// <returns>Joules since the meter was made; null if the platform does not tell, also for a while: a battery's only while it drains.</returns>
    public double? Sample()
    {
        lock (_lock)
        {
            if (_rapl is not null)
                return _rapl.Advance() is { } used ? _joules += used : null;
            if (_battery is null)
                return null;
            double? watts = _battery.Watts();
            long now = _time.GetTimestamp();
            double seconds = Math.Max(0, _time.GetElapsedTime(_lastTime, now).TotalSeconds);
            double? energy = _lastWatts is { } before && watts is { } after ? (before + after) / 2 * seconds : null;
            (_lastTime, _lastWatts) = (now, watts);
            return energy is { } joules ? _joules += joules : null;
        }
    }
}
