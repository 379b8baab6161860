using Microsoft.Extensions.Logging;

namespace AutLearn.DeviceDay;

/// <summary>Writes warnings to the error stream.</summary>
internal sealed class WarningLogger<T> : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Console.Error.WriteLine($"{logLevel} {eventId.Id}: {formatter(state, exception)}");
    }
}
