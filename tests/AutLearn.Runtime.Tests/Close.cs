namespace AutLearn.Runtime.Tests;

/// <summary>Comparisons of float32 results with double-precision references.</summary>
internal static class Close
{
    public static void Assert(IEnumerable<double> expected, ReadOnlySpan<float> actual, double tolerance = 2e-6)
    {
        int i = 0;
        foreach (double value in expected)
        {
            double difference = Math.Abs(value - actual[i]);
            if (difference > tolerance * Math.Max(1, Math.Abs(value)))
                throw new Xunit.Sdk.XunitException($"Element {i}: expected {value}, got {actual[i]} (difference {difference}).");
            i++;
        }

        Xunit.Assert.Equal(i, actual.Length);
    }
}
