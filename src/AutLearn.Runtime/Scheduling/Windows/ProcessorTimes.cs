namespace AutLearn.Runtime.Scheduling.Windows;

/// <summary>Time of all processors since the start, in units of 100 ns.</summary>
/// <param name="Idle">Time without work.</param>
/// <param name="Busy">Kernel and user time without idle time.</param>
internal readonly record struct ProcessorTimes(long Idle, long Busy);
