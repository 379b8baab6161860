using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutLearn.Runtime.Diagnostics;

/// <summary>Calls what an app has watch the work: loggers, progress, events, listeners of meters and activities.</summary>
/// <remarks>Whoever only watches can end no work, and leave no step half taken: what it throws is counted (<see cref="Telemetry.ObserverFailures"/>), and the work goes on.</remarks>
[SuppressMessage("Design", "CA1031", Justification = "An observer may throw anything; it is counted, and for progress logged.")]
internal static class Observers
{
    public static ILogger Guard(ILogger? logger) => logger switch
    {
        null or NullLogger => NullLogger.Instance,
        GuardedLogger guarded => guarded,
        _ => new GuardedLogger(logger),
    };

    [return: NotNullIfNotNull(nameof(progress))]
    public static IProgress<T>? Guard<T>(IProgress<T>? progress, ILogger logger) => progress is null or GuardedProgress<T> ? progress : new GuardedProgress<T>(progress, logger);

    /// <summary>Calls every handler, also those behind one that throws.</summary>
    public static void Raise(EventHandler? handlers, object sender)
    {
        foreach (EventHandler handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(sender, EventArgs.Empty);
            }
            catch (Exception)
            {
                Count("event");
            }
        }
    }

    public static void Measure<T>(Histogram<T> histogram, T value)
        where T : struct
    {
        try
        {
            histogram.Record(value);
        }
        catch (Exception)
        {
            Count("meter");
        }
    }

    public static void Measure<T>(Counter<T> counter, T value)
        where T : struct
    {
        try
        {
            counter.Add(value);
        }
        catch (Exception)
        {
            Count("meter");
        }
    }

    /// <summary>Starts an activity; dispose what is returned to end it.</summary>
    public static GuardedActivity Start(string name)
    {
        try
        {
            return new(Telemetry.Activities.StartActivity(name));
        }
        catch (Exception)
        {
            Count("activity");
            return default;
        }
    }

    private static void Count(string observer)
    {
        try
        {
            Telemetry.ObserverFailures.Add(1, new KeyValuePair<string, object?>("observer", observer));
        }
        catch (Exception)
        {
            // The one who counts is the one who throws.
        }
    }

    public readonly struct GuardedActivity(Activity? activity) : IDisposable
    {
        public void Dispose()
        {
            try
            {
                activity?.Dispose();
            }
            catch (Exception)
            {
                Count("activity");
            }
        }
    }

    private sealed class GuardedLogger(ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel)
        {
            try
            {
                return logger.IsEnabled(logLevel);
            }
            catch (Exception)
            {
                Count("logger");
                return false;
            }
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
            catch (Exception)
            {
                Count("logger");
            }
        }
    }

    private sealed class GuardedProgress<T>(IProgress<T> progress, ILogger logger) : IProgress<T>
    {
        private bool _isLogged;

        public void Report(T value)
        {
            try
            {
                progress.Report(value);
            }
            catch (Exception error)
            {
                Count("progress");
                if (!_isLogged)
                    Diagnostics.Log.ProgressFailed(logger, error);
                _isLogged = true;
            }
        }
    }
}
