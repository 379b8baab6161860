using System.Diagnostics;
using System.Globalization;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Times two libraries that take turns in one process, so that what else the machine does meets both.</summary>
internal static class Turns
{
    // Both libraries let idle threads spin for a while, and neither tells when they have stopped: there is nothing to wait for but time. The
    // other side's spinning threads would take this side's processors.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Times a turn of one side.</summary>
    /// <param name="step">What it does.</param>
    /// <param name="steps">How many steps count. One before them finds the other side's data in the caches and does not.</param>
    /// <param name="onStart">Called when the steps that count begin.</param>
    /// <returns>The time of one step.</returns>
    public static TimeSpan Time(Func<float> step, int steps, Action? onStart = null)
    {
        Thread.Sleep(Pause);
        step();
        onStart?.Invoke();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < steps; i++)
            step();
        return Stopwatch.GetElapsedTime(start) / steps;
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return ordered[ordered.Length / 2];
    }

    /// <summary>Writes microseconds, as milliseconds where there are many.</summary>
    public static string Text(double microseconds) => microseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{microseconds:0} us")
        : string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000:0.00} ms");
}
