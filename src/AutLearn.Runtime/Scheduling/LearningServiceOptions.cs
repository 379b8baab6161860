namespace AutLearn.Runtime.Scheduling;

/// <summary>How a <see cref="LearningService"/> paces itself; copied when it is built.</summary>
public sealed class LearningServiceOptions
{
    /// <summary>Gets or sets how often the device is looked at while no window is open.</summary>
    /// <value>From 1 second to 1 day. The default is 30 seconds.</value>
    [DurationRange(1, 86_400)]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how often the device is looked at while a window is open: how long a user who comes back may find it training.</summary>
    /// <value>From 0.1 seconds to 1 day. The default is 2 seconds.</value>
    [DurationRange(0.1, 86_400)]
    public TimeSpan WindowCheckInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets or sets how long to rest after a training is over.</summary>
    /// <value>From zero to 365 days. The default is one day.</value>
    [DurationRange(0, 31_536_000)]
    public TimeSpan RestAfterTraining { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Gets or sets how long to rest when there was too little to learn from.</summary>
    /// <value>From zero to 365 days. The default is one hour.</value>
    [DurationRange(0, 31_536_000)]
    public TimeSpan RestWithoutSamples { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Gets or sets how long to rest after a failure; twice as long after each further one in a row, up to a day.</summary>
    /// <value>From 1 second to 1 day. The default is one minute.</value>
    [DurationRange(1, 86_400)]
    public TimeSpan RestAfterFailure { get; set; } = TimeSpan.FromMinutes(1);

    internal LearningServiceOptions Copy() => (LearningServiceOptions)MemberwiseClone();
}
