namespace AutLearn.Runtime.Scheduling;

/// <summary>Whether training may run now, and why.</summary>
/// <param name="IsAllowed">Whether it may.</param>
/// <param name="SettlesIn">How long the conditions must still hold; zero if they did, null while one blocks.</param>
/// <param name="Conditions">All conditions, in order of <see cref="DeviceSignal"/>.</param>
public sealed record PolicyDecision(bool IsAllowed, TimeSpan? SettlesIn, IReadOnlyList<PolicyCondition> Conditions)
{
    /// <summary>Gets the conditions that keep training from running.</summary>
    public IEnumerable<PolicyCondition> Blocking => Conditions.Where(c => c.IsBlocking);
}
