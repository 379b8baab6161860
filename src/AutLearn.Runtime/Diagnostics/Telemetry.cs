using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AutLearn.Runtime.Diagnostics;

/// <summary>The measurements of this assembly, all under the name <c>AutLearn</c>.</summary>
internal static class Telemetry
{
    public const string Name = "AutLearn";

    private static readonly Meter Meter = new(Name);

    public static ActivitySource Activities { get; } = new(Name);

    public static Histogram<double> StepDuration { get; } =
        Meter.CreateHistogram<double>("autlearn.train.step.duration", "s", "Time of one training step.");

    public static Histogram<double> PredictionDuration { get; } =
        Meter.CreateHistogram<double>("autlearn.predict.duration", "s", "Time of one inference run.");

    public static Counter<long> RefusedSteps { get; } =
        Meter.CreateCounter<long>("autlearn.train.step.refused", "{step}", "Training steps that were not applied because the loss was not finite.");

    public static Histogram<double> StepCpuTime { get; } =
        Meter.CreateHistogram<double>("autlearn.train.step.cpu_time", "s", "Processor time of the process during one training step.");

    public static Counter<double> WindowCpuTime { get; } =
        Meter.CreateCounter<double>("autlearn.train.cpu_time", "s", "Processor time of the process during learning windows.");

    public static Counter<double> WindowEnergy { get; } =
        Meter.CreateCounter<double>("autlearn.train.energy", "J", "Energy of the device during learning windows.");

    public static Histogram<double> StepEnergy { get; } =
        Meter.CreateHistogram<double>("autlearn.train.step.energy", "J", "Energy of the device during a learning window, per training step.");

    public static Counter<long> ObserverFailures { get; } =
        Meter.CreateCounter<long>("autlearn.observer.failures", "{failure}", "Exceptions thrown by loggers, progress callbacks, event handlers and listeners; the work went on.");

    public static Counter<long> Windows { get; } =
        Meter.CreateCounter<long>("autlearn.train.windows", "{window}", "Learning windows.");
}
