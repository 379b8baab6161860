using System.Runtime.Versioning;
using AutLearn.Runtime.Scheduling.Windows;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Asks Windows for power, battery, battery saver, the time since the last input, memory and processor load.</summary>
/// <remarks>
/// Whether the screen is on and how hot the device is, Windows tells only to windows and drivers: both are unknown, and the policy lets the
/// idle session stand for the screen. A service has no input of its own, so run this in the user's session. Thread-safe; it never raises
/// <see cref="Changed"/>.
/// </remarks>
[SupportedOSPlatform("windows")]
public sealed class WindowsDeviceState : IDeviceStateProvider
{
    private readonly Lock _lock = new();
    private readonly WindowsInterpreter _interpreter;
    private readonly FreeStorage _storage;

    /// <summary>Creates a reader.</summary>
    /// <param name="dataFolder">Where the app keeps its data, for the room left; null leaves that unknown.</param>
    /// <param name="idleAfter">How long without input until the session is idle; null for five minutes.</param>
    public WindowsDeviceState(string? dataFolder = null, TimeSpan? idleAfter = null)
    {
        _interpreter = new(idleAfter ?? TimeSpan.FromMinutes(5));
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
        lock (_lock)
            return _interpreter.Interpret(WindowsCalls.Read()) with { FreeStorageInBytes = _storage.Read() };
    }
}
