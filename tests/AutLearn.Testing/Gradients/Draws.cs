namespace AutLearn.Testing.Gradients;

/// <summary>Distributions for the inputs of gradient cases: from a random stream and a count to that many elements.</summary>
public static class Draws
{
    /// <summary>Standard normal (Box and Muller).</summary>
    public static double[] Normal(Random random, int count) =>
        Each(random, count, r => Math.Sqrt(-2 * Math.Log(1 - r.NextDouble())) * Math.Cos(2 * Math.PI * r.NextDouble()));

    /// <summary>Uniform in [low, high).</summary>
    public static Func<Random, int, double[]> Uniform(double low, double high) => (random, count) =>
        Each(random, count, r => low + ((high - low) * r.NextDouble()));

    /// <summary>Uniform in [low, high), but at least 0.1 away from every kink, which central differences must not straddle.</summary>
    public static Func<Random, int, double[]> Avoiding(double low, double high, params double[] kinks) => (random, count) =>
        Each(random, count, r =>
        {
            double x;
            do
                x = low + ((high - low) * r.NextDouble());
            while (kinks.Any(k => Math.Abs(x - k) < 0.1));
            return x;
        });

    /// <summary>Distinct multiples of 0.25 in random order, so that maxima and orders stay the same under small steps.</summary>
    public static double[] Distinct(Random random, int count)
    {
        double[] values = [.. Enumerable.Range(0, count).Select(i => 0.25 * (i - (count / 2)) + 0.125)];
        random.Shuffle(values);
        return values;
    }

    private static double[] Each(Random random, int count, Func<Random, double> draw)
    {
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = draw(random);
        return values;
    }
}
