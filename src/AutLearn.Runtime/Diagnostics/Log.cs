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

    [LoggerMessage(5, LogLevel.Warning, "A training step was not applied: the loss is not finite; parameters stay at version {Version}")]
    public static partial void StepRefused(ILogger logger, long version);

    [LoggerMessage(6, LogLevel.Information, "Trained {Steps} steps in {Epochs} epochs; parameters are at version {Version}")]
    public static partial void TrainingFinished(ILogger logger, long steps, int epochs, long version);

    [LoggerMessage(7, LogLevel.Error, "Online learning is paused because a training step failed")]
    public static partial void OnlinePaused(ILogger logger, Exception error);
}
