using AutLearn.Augment.Randomness;

namespace AutLearn.Augment.Images;

/// <summary>Standard normal numbers drawn once; a row of noise is a random window of them.</summary>
/// <remarks>
/// Windows of one pool are equally distributed and nearly independent: two rows overlap with probability below 1 %.
/// Drawing each number anew would cost more than the rest of the augmentation.
/// </remarks>
internal static class NoisePool
{
    public const int Length = 1 << 17;

    private static readonly float[] Values = Create();

    public static ReadOnlySpan<float> Row(ref CounterRandom random, int length)
    {
        int start = random.NextInt32(Length - length);
        return Values.AsSpan(start, length);
    }

    private static float[] Create()
    {
        CounterRandom random = CounterRandom.For(0x6E6F697365);
        float[] values = new float[Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)random.NextGaussian();
        return values;
    }
}
