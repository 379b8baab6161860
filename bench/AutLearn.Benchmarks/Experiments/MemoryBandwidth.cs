using System.Diagnostics;
using System.Numerics;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Measures how fast threads read and write memory, as STREAM's triad does: two numbers read and one written at a time.</summary>
internal static class MemoryBandwidth
{
    private const int Rounds = 15;

    /// <summary>Gets the best of several rounds.</summary>
    /// <param name="threads">How many threads share the arrays.</param>
    /// <param name="bytes">The size of all three arrays together.</param>
    /// <returns>Bytes a second, read and written.</returns>
    public static double Of(int threads, long bytes)
    {
        int count = (int)(bytes / 3 / sizeof(float) / threads);
        double best = 0;
        (float[] A, float[] B, float[] C)[] parts = [.. Enumerable.Range(0, threads).Select(_ => (Filled(count), Filled(count), Filled(count)))];
        int repeats = (int)Math.Max(1, 40_000_000 / bytes);
        for (int round = 0; round < Rounds; round++)
        {
            using var start = new Barrier(threads);
            var times = new double[threads];
            Thread[] running = [.. Enumerable.Range(0, threads).Select(t => new Thread(() =>
            {
                (float[] a, float[] b, float[] c) = parts[t];
                start.SignalAndWait();
                long began = Stopwatch.GetTimestamp();
                for (int i = 0; i < repeats; i++)
                    Triad(a, b, c);
                times[t] = Stopwatch.GetElapsedTime(began).TotalSeconds;
            }))];
            foreach (Thread thread in running)
                thread.Start();
            foreach (Thread thread in running)
                thread.Join();
            best = Math.Max(best, 3.0 * sizeof(float) * count * threads * repeats / times.Max());
        }

        return best;
    }

    private static float[] Filled(int count)
    {
        float[] values = new float[count];
        Array.Fill(values, 1);
        return values;
    }

    private static void Triad(float[] a, float[] b, float[] c)
    {
        var factor = new Vector<float>(0.5f);
        for (int i = 0; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(b, i) + (new Vector<float>(c, i) * factor)).CopyTo(a, i);
    }
}
