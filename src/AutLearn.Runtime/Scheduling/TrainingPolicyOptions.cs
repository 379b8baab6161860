using System.ComponentModel.DataAnnotations;

namespace AutLearn.Runtime.Scheduling;

/// <summary>When a device may train. The defaults are the paper's, charging and screen off, with care for battery and heat; copied when a policy is built.</summary>
/// <remarks>Xu et al., Journal of Software 31(10), 2020, section 3.5.</remarks>
public sealed class TrainingPolicyOptions
{
    /// <summary>Gets or sets a value indicating whether training waits for external power.</summary>
    /// <value>The default is true.</value>
    public bool NeedsCharging { get; set; } = true;

    /// <summary>Gets or sets when the user counts as away.</summary>
    /// <value>The default is <see cref="AwayCondition.ScreenOff"/>.</value>
    [EnumDataType(typeof(AwayCondition))]
    public AwayCondition UserAway { get; set; } = AwayCondition.ScreenOff;

    /// <summary>Gets or sets how full the battery must be to begin.</summary>
    /// <value>In [0, 1]. The default is 0.3. A device without a battery always passes.</value>
    [Range(0d, 1d)]
    public double BatteryLevel { get; set; } = 0.3;

    /// <summary>Gets or sets how far the battery may fall below <see cref="BatteryLevel"/> before a window ends.</summary>
    /// <value>In [0, 1]. The default is 0.05.</value>
    [Range(0d, 1d)]
    public double BatteryMargin { get; set; } = 0.05;

    /// <summary>Gets or sets a value indicating whether training runs although the user asked the device to save power.</summary>
    /// <value>The default is false.</value>
    public bool RunsInBatterySaver { get; set; }

    /// <summary>Gets or sets the heat at which training ends. Once it was reached, training waits until the device is two steps below, where there are two.</summary>
    /// <value>From <see cref="ThermalLevel.Light"/> to <see cref="ThermalLevel.Critical"/>. The default is <see cref="ThermalLevel.Moderate"/>.</value>
    [AllowedValues(ThermalLevel.Light, ThermalLevel.Moderate, ThermalLevel.Severe, ThermalLevel.Critical)]
    public ThermalLevel ThermalLimit { get; set; } = ThermalLevel.Moderate;

    /// <summary>Gets or sets the memory pressure above which no window begins.</summary>
    /// <value>In [0, 1]. The default is 0.1.</value>
    [Range(0d, 1d)]
    public double MemoryPressure { get; set; } = 0.1;

    /// <summary>Gets or sets the processor pressure above which no window begins.</summary>
    /// <value>In [0, 1]. The default is 0.4.</value>
    [Range(0d, 1d)]
    public double CpuPressure { get; set; } = 0.4;

    /// <summary>Gets or sets how far a pressure may rise above its limit before a window ends; training itself causes some.</summary>
    /// <value>In [0, 1]. The default is 0.3.</value>
    [Range(0d, 1d)]
    public double PressureMargin { get; set; } = 0.3;

    /// <summary>Gets or sets the room that must be left to begin; a window ends at half of it.</summary>
    /// <value>Bytes, not negative. The default is 256 MiB.</value>
    [Range(0d, long.MaxValue)]
    public long FreeStorageInBytes { get; set; } = 256L << 20;

    /// <summary>Gets or sets how long all conditions must have held before a window begins.</summary>
    /// <value>From zero to one day. The default is one minute.</value>
    [DurationRange(0, 86_400)]
    public TimeSpan SettleTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets what unknown signals mean. A signal that is not in it follows the default.</summary>
    /// <value>By default unknown charging, an unknown user and an unknown battery level block, and all else allows.</value>
    public IDictionary<DeviceSignal, UnknownRule> Unknown { get; } = new Dictionary<DeviceSignal, UnknownRule>();

    internal TrainingPolicyOptions Copy() => (TrainingPolicyOptions)MemberwiseClone();
}
