using AutLearn.Runtime.Diagnostics;

namespace AutLearn.Runtime.Scheduling;

/// <summary>A device state that the app itself keeps, for platforms that only tell apps through their own interfaces, such as Android and iOS.</summary>
/// <remarks>Any thread may read and set it. <c>docs/scheduling.md</c> maps the signals to WorkManager and BGProcessingTask.</remarks>
public sealed class ManualDeviceState : IDeviceStateProvider
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _validFor;
    private DeviceState _state = DeviceState.Unknown;
    private long _setAt;

    /// <summary>Creates a state of which nothing is known.</summary>
    /// <param name="validFor">How long a state counts after it was set; then all is unknown again. Null for as long as the app runs.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is not positive.</exception>
    public ManualDeviceState(TimeSpan? validFor = null, TimeProvider? timeProvider = null)
    {
        if (validFor is { } span)
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(span, TimeSpan.Zero, nameof(validFor));
        _validFor = validFor ?? TimeSpan.MaxValue;
        _time = timeProvider ?? TimeProvider.System;
        _setAt = _time.GetTimestamp();
    }

    /// <inheritdoc/>
    /// <remarks>Every handler is called. What one throws is counted by the meter <c>AutLearn</c>, and reaches neither the others nor whoever set the state.</remarks>
    public event EventHandler? Changed;

    /// <inheritdoc/>
    public DeviceState Read()
    {
        lock (_lock)
            return MonotonicTime.Since(_time, ref _setAt) < _validFor ? _state : DeviceState.Unknown;
    }

    /// <summary>Replaces the state.</summary>
    public void Set(DeviceState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Update(_ => state);
    }

    /// <summary>Replaces a part of the state: <c>device.Update(s => s with { IsCharging = Ternary.True })</c>.</summary>
    /// <param name="change">Makes the new state from what is known; called once, under a lock.</param>
    public void Update(Func<DeviceState, DeviceState> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        bool isOther;
        lock (_lock)
        {
            DeviceState before = MonotonicTime.Since(_time, ref _setAt) < _validFor ? _state : DeviceState.Unknown;
            _state = change(before) ?? throw new ArgumentException("The change gave no state.", nameof(change));
            _setAt = _time.GetTimestamp();
            isOther = _state != before;
        }

        if (isOther)
            Observers.Raise(Changed, this);
    }
}
