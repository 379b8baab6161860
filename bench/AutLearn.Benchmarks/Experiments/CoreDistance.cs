using System.Diagnostics;

namespace AutLearn.Benchmarks.Experiments;

/// <summary>Tells how far apart two cores are by passing a cache line to and fro.</summary>
internal static class CoreDistance
{
    /// <summary>Cores of one shared cache pass a line in less; 30 ns against 165 where this was written.</summary>
    public const int Nanoseconds = 90;

    private const int Passes = 20_000;

    private static int s_turn;

    public static bool AreNear()
    {
        s_turn = 0;
        var other = new Thread(() => Play(1));
        other.Start();
        Play(0, Passes / 10);
        long start = Stopwatch.GetTimestamp();
        Play(0, Passes - (Passes / 10));
        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        other.Join();
        return elapsed / (2 * (Passes - (Passes / 10))) < Nanoseconds;
    }

    private static void Play(int player, int passes = Passes)
    {
        for (int i = 0; i < passes; i++)
        {
            while (Volatile.Read(ref s_turn) != player)
            {
            }

            Volatile.Write(ref s_turn, 1 - player);
        }
    }
}
