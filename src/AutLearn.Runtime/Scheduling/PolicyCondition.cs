namespace AutLearn.Runtime.Scheduling;

/// <summary>One condition of a policy and how it stands.</summary>
/// <param name="Signal">What it looks at.</param>
/// <param name="IsMet">Whether it holds; unknown if the device does not tell.</param>
/// <param name="IsBlocking">Whether it keeps training from running: it does not hold, or is unknown and its rule blocks then.</param>
/// <param name="Requirement">What it asks for, in words.</param>
/// <param name="Observation">What the device says, in words.</param>
public sealed record PolicyCondition(DeviceSignal Signal, Ternary IsMet, bool IsBlocking, string Requirement, string Observation);
