using Microsoft.Extensions.Logging;

namespace AutLearn.Runtime.Diagnostics;

/// <summary>The log messages of this assembly. None carries user data.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Opened model {Model} with {Parameters} parameters")]
    public static partial void ModelOpened(ILogger logger, string model, int parameters);

    [LoggerMessage(2, LogLevel.Debug, "Loaded {File} in {Milliseconds:F1} ms, from the optimised copy: {IsCached}")]
    public static partial void SessionLoaded(ILogger logger, string file, double milliseconds, bool isCached);

    [LoggerMessage(3, LogLevel.Warning, "The optimised copy of {File} is damaged and is built again")]
    public static partial void OptimizedCopyDamaged(ILogger logger, string file);

    [LoggerMessage(4, LogLevel.Warning, "The optimised copy of {File} could not be kept; the next start takes longer")]
    public static partial void OptimizedCopyNotKept(ILogger logger, string file, Exception error);

    [LoggerMessage(5, LogLevel.Warning, "A training step was not applied: loss, gradient or the parameter {Parameter} would not be finite; parameters stay at version {Version}")]
    public static partial void StepRefused(ILogger logger, long version, string? parameter);

    [LoggerMessage(6, LogLevel.Information, "Trained {Steps} steps in {Epochs} epochs; parameters are at version {Version}")]
    public static partial void TrainingFinished(ILogger logger, long steps, int epochs, long version);

    [LoggerMessage(7, LogLevel.Error, "Online learning is paused because a training step failed")]
    public static partial void OnlinePaused(ILogger logger, Exception error);

    [LoggerMessage(8, LogLevel.Warning, "Generation {Number} is damaged; an older one is used")]
    public static partial void GenerationDamaged(ILogger logger, long number);

    [LoggerMessage(9, LogLevel.Warning, "Generation {Number} cannot be read")]
    public static partial void GenerationUnreadable(ILogger logger, long number, Exception error);

    [LoggerMessage(10, LogLevel.Warning, "An outdated file could not be deleted; it takes room until the next commit")]
    public static partial void LeftoverKept(ILogger logger, Exception error);

    [LoggerMessage(11, LogLevel.Warning, "Generation {Number} does not fit the model; an older one is used")]
    public static partial void GenerationRefused(ILogger logger, long number, Exception error);

    [LoggerMessage(12, LogLevel.Warning, "The checkpoint of offline learning is damaged or may not be read; training starts anew")]
    public static partial void CheckpointDamaged(ILogger logger, Exception error);

    [LoggerMessage(13, LogLevel.Information, "The checkpoint of offline learning is of other samples or settings; training starts anew")]
    public static partial void CheckpointOutdated(ILogger logger);

    [LoggerMessage(14, LogLevel.Warning, "Features cannot be kept on disk and are computed in every epoch")]
    public static partial void FeaturesNotKept(ILogger logger, Exception error);

    [LoggerMessage(15, LogLevel.Information, "Offline learning ended: {Status}, {Gained} held-out labels gained, {Lost} lost")]
    public static partial void OfflineEnded(ILogger logger, Offline.OfflineStatus status, long gained, long lost);

    [LoggerMessage(16, LogLevel.Warning, "Offline training ends in epoch {Epoch}: too many steps in a row were refused; the best parameters before are kept")]
    public static partial void OfflineDiverged(ILogger logger, int epoch);

    [LoggerMessage(17, LogLevel.Error, "What was learned online could not be saved; what was saved before stands, and the next save tries again")]
    public static partial void StateNotSaved(ILogger logger, Exception error);

    [LoggerMessage(18, LogLevel.Warning, "{Files} files among the generations are none and are left alone")]
    public static partial void StrangersIgnored(ILogger logger, int files);

    [LoggerMessage(19, LogLevel.Warning, "{Refused} of {Rows} rows with feedback were dropped: a step with them would not be finite")]
    public static partial void RowsRefused(ILogger logger, int refused, int rows);

    [LoggerMessage(20, LogLevel.Warning, "A progress callback failed; the work goes on and tells it again, further failures are only counted")]
    public static partial void ProgressFailed(ILogger logger, Exception error);

    [LoggerMessage(40, LogLevel.Information, "All samples were forgotten and their key destroyed")]
    public static partial void SamplesForgotten(ILogger logger);

    [LoggerMessage(41, LogLevel.Warning, "The content of sample {Id} is damaged; it is left out of training")]
    public static partial void SampleDamaged(ILogger logger, long id, Exception error);

    [LoggerMessage(42, LogLevel.Warning, "The clock of the samples could not be saved; the next opening tries again")]
    public static partial void ClockNotSaved(ILogger logger, Exception error);

    [LoggerMessage(30, LogLevel.Information, "A learning window begins")]
    public static partial void WindowBegins(ILogger logger);

    [LoggerMessage(31, LogLevel.Information, "The learning window ended after {Seconds:F1} s: {Status}, {Steps} steps, {CpuSeconds:F1} s of processor time")]
    public static partial void WindowEnded(ILogger logger, double seconds, Offline.OfflineStatus status, long steps, double cpuSeconds);

    [LoggerMessage(32, LogLevel.Warning, "Learning failed and waits {Pause}")]
    public static partial void LearningFailed(ILogger logger, TimeSpan pause, Exception error);

    [LoggerMessage(33, LogLevel.Debug, "Learning waits: {Reason}")]
    public static partial void LearningWaits(ILogger logger, string reason);

    [LoggerMessage(36, LogLevel.Warning, "The state of the device cannot be read; its signals count as unknown")]
    public static partial void DeviceUnreadable(ILogger logger, Exception error);

    [LoggerMessage(37, LogLevel.Warning, "Changes of the device's state cannot be followed; it is asked now and then")]
    public static partial void DeviceNotFollowed(ILogger logger, Exception error);

    [LoggerMessage(34, LogLevel.Warning, "The priority {Priority} of the training thread was refused; training runs at the usual one")]
    public static partial void PriorityRefused(ILogger logger, ThreadPriority priority);

    [LoggerMessage(35, LogLevel.Information, "Energy is measured by {Source}")]
    public static partial void EnergySource(ILogger logger, Scheduling.EnergySource source);

    [LoggerMessage(70, LogLevel.Warning, "No room could be kept for forgetting samples on a full disk; it is tried again when samples change")]
    public static partial void ReserveNotKept(ILogger logger, Exception error);

    [LoggerMessage(60, LogLevel.Warning, "ONNX Runtime was loaded before AutLearn could switch its telemetry off: it may keep a device id in the user's folder and send events. Call OnnxRuntimeTelemetry.Disable() before it is used, or start the app with ORT_DISABLE_TELEMETRY=1")]
    public static partial void TelemetryMayBeOn(ILogger logger);
}
