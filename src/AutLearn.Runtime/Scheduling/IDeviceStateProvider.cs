namespace AutLearn.Runtime.Scheduling;

/// <summary>Tells the state of the device.</summary>
public interface IDeviceStateProvider
{
    /// <summary>Raised, on any thread, when the state may have changed. A provider that can only be asked never raises it.</summary>
    event EventHandler? Changed;

    /// <summary>Reads the state. A signal that cannot be read is unknown; nothing is thrown for it.</summary>
    /// <remarks>May be called from any thread.</remarks>
    DeviceState Read();
}
