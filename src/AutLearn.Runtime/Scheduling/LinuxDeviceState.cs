using AutLearn.Runtime.Scheduling.Linux;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Reads the state of a Linux device from the files of its kernel and of logind.</summary>
/// <remarks>
/// <para>Power: <c>/sys/class/power_supply</c>. Battery saver: <c>/sys/firmware/acpi/platform_profile</c>. Screen: <c>/sys/class/drm</c> and
/// <c>/sys/class/backlight</c>. Session: <c>/run/systemd/sessions</c>, terminals, and <c>loginctl</c> for graphical sessions. Heat:
/// <c>/sys/class/thermal</c>. Pressure: <c>/proc/pressure</c>.</para>
/// <para>A desktop without a battery counts as charging. In a container nothing is taken from the absence of a file. Thread-safe; it can only be
/// asked and never raises <see cref="Changed"/>.</para>
/// </remarks>
public sealed class LinuxDeviceState : IDeviceStateProvider
{
    private readonly SystemTree _tree;
    private readonly Sessions _sessions;
    private readonly FreeStorage _storage;

    /// <summary>Creates a reader.</summary>
    /// <param name="dataFolder">Where the app keeps its data, for the room left; null leaves that unknown.</param>
    /// <param name="root">The root of the file system: another than <c>/</c> reads a recorded device and starts no program.</param>
    /// <param name="idleAfter">How long a terminal is unused before its session is idle; null for five minutes. Desktops decide that themselves.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">A path is empty.</exception>
    public LinuxDeviceState(string? dataFolder = null, string root = "/", TimeSpan? idleAfter = null, TimeProvider? timeProvider = null)
        : this(dataFolder, root, root == "/" ? new LoginctlSessionHints() : new NoSessionHints(), idleAfter, timeProvider)
    {
    }

    internal LinuxDeviceState(string? dataFolder, string root, ISessionHints hints, TimeSpan? idleAfter, TimeProvider? timeProvider)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        _tree = new(root);
        _sessions = new(_tree, hints, idleAfter ?? TimeSpan.FromMinutes(5), timeProvider ?? TimeProvider.System);
        _storage = new(dataFolder);
    }

    /// <inheritdoc/>
    public event EventHandler? Changed
    {
        add { }
        remove { }
    }

    /// <inheritdoc/>
    public DeviceState Read()
    {
        var power = new PowerSupplies(_tree);
        ThermalLevel thermal = ThermalZones.Level(_tree);
        return new()
        {
            IsCharging = power.IsCharging,
            HasBattery = power.HasBattery,
            BatteryLevel = power.Level,
            IsSavingBattery = _tree.Text("sys/firmware/acpi/platform_profile") is { Length: > 0 } profile ? TernaryLogic.Of(profile == "low-power") : Ternary.Unknown,
            IsScreenOn = Screens.IsOn(_tree),
            IsSessionIdle = _sessions.AreIdle(),
            Thermal = power.IsOverheated && thermal < ThermalLevel.Severe ? ThermalLevel.Severe : thermal,
            MemoryPressure = PressureStalls.Some(_tree, "memory"),
            CpuPressure = PressureStalls.Some(_tree, "cpu"),
            FreeStorageInBytes = _storage.Read(),
        };
    }
}
