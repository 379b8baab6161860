using System.Numerics.Tensors;
using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Blends two samples and, with the same weight, their labels.</summary>
/// <remarks>Zhang et al. 2018, arXiv:1710.09412. Stateless; safe for use by several threads.</remarks>
public static class Mixup
{
    /// <summary>Draws the weight of the first sample from Beta(alpha, alpha).</summary>
    /// <param name="alpha">In (0, 10]; the paper uses 0.1 to 0.4.</param>
    /// <param name="random">The stream.</param>
    public static float DrawWeight(double alpha, ref CounterRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(alpha);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(alpha, 10);
        double first = DrawGamma(alpha, ref random);
        double second = DrawGamma(alpha, ref random);
        return first + second > 0 ? (float)(first / (first + second)) : 1f;
    }

    /// <summary>Replaces the first tensor by weight * first + (1 - weight) * second.</summary>
    /// <param name="first">Any tensor.</param>
    /// <param name="second">A tensor of the same length.</param>
    /// <param name="weight">In [0, 1].</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Blend(Span<float> first, ReadOnlySpan<float> second, float weight)
    {
        if (first.Length != second.Length)
            throw new ArgumentException($"Tensors of {first.Length} and {second.Length} values cannot be blended.", nameof(second));
        TensorPrimitives.Lerp(second, first, weight, first);
    }

    // Marsaglia and Tsang 2000; below 1 by the power of a uniform number.
    private static double DrawGamma(double shape, ref CounterRandom random)
    {
        double boost = shape < 1 ? Math.Pow(1 - random.NextDouble(), 1 / shape) : 1;
        double d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = random.NextGaussian();
            double v = Math.Pow(1 + (c * x), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v)))
                return boost * d * v;
        }
    }
}
