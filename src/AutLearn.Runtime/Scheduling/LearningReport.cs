using System.Globalization;
using System.Text;
using AutLearn.Runtime.Offline;

namespace AutLearn.Runtime.Scheduling;

/// <summary>Where learning stands and why. Holds no user data; an app may show it.</summary>
public sealed record LearningReport
{
    /// <summary>Gets what the service does.</summary>
    public required LearningPhase Phase { get; init; }

    /// <summary>Gets the conditions that keep training from running, as the device was last seen.</summary>
    public IReadOnlyList<PolicyCondition> Blocking { get; init; } = [];

    /// <summary>Gets the time until the device is looked at next.</summary>
    /// <value>Null while stopped or starting.</value>
    public TimeSpan? NextCheckIn { get; init; }

    /// <summary>Gets until when the service rests, by the device's clock as it stands now.</summary>
    /// <value>Null while it does not rest. It may rest and be blocked at once.</value>
    public DateTimeOffset? RestsUntil { get; init; }

    /// <summary>Gets what there is to learn from; null where the service's learner does not tell.</summary>
    public SampleCounts? Samples { get; init; }

    /// <summary>Gets why the device could not be asked last; null where it answered.</summary>
    public Exception? DeviceFailure { get; init; }

    /// <summary>Gets where the training stands that is under way or was last.</summary>
    public OfflineProgress Progress { get; init; }

    /// <summary>Gets how the last window ended; null before the first.</summary>
    public OfflineResult? LastResult { get; init; }

    /// <summary>Gets the windows so far.</summary>
    public long Windows { get; init; }

    /// <summary>Gets the failures in a row.</summary>
    public int Failures { get; init; }

    /// <summary>Gets the last failure; null if the last window did not fail.</summary>
    public Exception? LastFailure { get; init; }

    /// <summary>Gets the processor time of the process during all windows.</summary>
    public TimeSpan CpuTime { get; init; }

    /// <summary>Gets the energy of the device during those windows that it was known for.</summary>
    /// <value>Joules; null if the platform does not tell.</value>
    public double? EnergyInJoules { get; init; }

    /// <summary>Says it in sentences.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(Phase switch
        {
            LearningPhase.Stopped => "Learning is stopped.",
            LearningPhase.Starting => "Learning starts: the device has not been looked at yet.",
            LearningPhase.Blocked => $"Learning waits until {string.Join(" and ", Blocking.Select(c => $"{c.Requirement} ({c.Observation})"))}.",
            LearningPhase.Settling => "Learning waits until the device has been at rest for long enough.",
            LearningPhase.Learning => "Learning is under way.",
            _ when LastFailure is not null => $"Learning rests after a failure ({LastFailure.GetType().Name}).",
            _ => LastResult?.Status switch
            {
                OfflineStatus.NothingToLearn => "Learning rests: there were too few samples.",
                OfflineStatus.Unchanged => "Learning rests: training found nothing better than what serves.",
                OfflineStatus.Promoted or OfflineStatus.RolledBack => "Learning rests: the training is over.",
                _ => "Learning rests.",
            },
        });
        if (RestsUntil is { } until)
            text.Append(CultureInfo.InvariantCulture, $" It rests until {until:yyyy-MM-dd HH:mm:ss zzz}.");
        if (DeviceFailure is not null)
            text.Append(CultureInfo.InvariantCulture, $" The device could not be asked ({DeviceFailure.GetType().Name}).");
        if (Samples is { } samples)
            text.Append(CultureInfo.InvariantCulture, $" {samples.Stored} stored, {samples.Trainable} with label and consent, {samples.Needed} needed.");
        if (NextCheckIn is { } next)
            text.Append(CultureInfo.InvariantCulture, $" The next check is in {TimeSpan.FromSeconds(Math.Ceiling(next.TotalSeconds)):c}.");
        if (Progress.Steps > 0)
            text.Append(CultureInfo.InvariantCulture, $" Step {Progress.Step} of at most {Progress.Steps} (epoch {Progress.Epoch} of {Progress.Epochs}) is done, in {Windows} window{(Windows == 1 ? "" : "s")}.");
        if (LastResult is { } last)
            text.Append(CultureInfo.InvariantCulture, $" The last window ended as {last.Status}.");
        return text.ToString();
    }
}
