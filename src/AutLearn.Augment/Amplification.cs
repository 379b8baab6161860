using AutLearn.Augment.Randomness;

namespace AutLearn.Augment;

/// <summary>Chooses which samples of an epoch also appear augmented, so that augmentation never outweighs what the user really did.</summary>
/// <remarks>
/// After Xu et al. 2020, section 3.4, which samples at most as many augmented samples as there are originals.
/// Immutable; safe for use by several threads.
/// </remarks>
public sealed class Amplification
{
    private readonly double _ratio;
    private readonly long _seed;

    /// <summary>Creates a choice.</summary>
    /// <param name="ratio">Augmented samples per original, in [0, 1].</param>
    /// <param name="seed">The seed; another epoch chooses other samples.</param>
    /// <exception cref="ArgumentOutOfRangeException">The ratio is out of range.</exception>
    public Amplification(double ratio, long seed = 0)
    {
        if (!(ratio is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "The ratio lies in [0, 1].");
        _ratio = ratio;
        _seed = seed;
    }

    /// <summary>Chooses exactly round(ratio * count) of the samples, each set with the same probability, in ascending order.</summary>
    /// <param name="count">The samples of the epoch, at least 0.</param>
    /// <param name="epoch">The pass over the data.</param>
    public int[] Choose(int count, long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int wanted = (int)Math.Round(_ratio * count);
        int[] chosen = new int[wanted];
        CounterRandom random = CounterRandom.For(_seed, epoch);
        for (int sample = 0, taken = 0; taken < wanted; sample++)
        {
            if (random.NextInt32(count - sample) < wanted - taken)
                chosen[taken++] = sample;
        }

        return chosen;
    }
}
