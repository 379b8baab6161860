namespace AutLearn.Augment.Randomness;

/// <summary>A counter-based random stream: number i of a stream is a pure function of its key and i.</summary>
/// <remarks>
/// The key comes from (seed, epoch, sample, step), so what a sample receives depends neither on workers nor on order.
/// The mixing is the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). Not for cryptography. A mutable value: pass it by reference.
/// </remarks>
public struct CounterRandom : IEquatable<CounterRandom>
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private readonly ulong _key;
    private ulong _counter;

    private CounterRandom(ulong key)
    {
        _key = key;
        _counter = 0;
    }

    /// <summary>Opens the stream of one step on one sample.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The pass over the data.</param>
    /// <param name="sample">The sample's stable index or id.</param>
    /// <param name="step">The operation's place in its pipeline.</param>
    public static CounterRandom For(long seed, long epoch = 0, long sample = 0, long step = 0)
    {
        ulong key = Mix((ulong)seed + Golden);
        key = Mix(key ^ ((ulong)epoch * 0xD6E8FEB86659FD93));
        key = Mix(key ^ ((ulong)sample * 0xA0761D6478BD642F));
        return new(Mix(key ^ ((ulong)step * 0xE7037ED1A0B428DB)));
    }

    /// <summary>Opens an independent stream below this one; the position of this stream does not matter.</summary>
    public readonly CounterRandom Child(long index) => new(Mix(_key ^ (((ulong)index + 1) * 0x8EBC6AF09C88C6E3)));

    /// <summary>Draws 64 uniform bits.</summary>
    public ulong NextUInt64() => Mix(_key + (++_counter * Golden));

    /// <summary>Draws a number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Draws a number in [0, 1) with 24 random bits.</summary>
    public float NextSingle() => (NextUInt64() >> 40) * (1f / (1 << 24));

    /// <summary>Draws an integer in [0, <paramref name="exclusiveMax"/>) without bias.</summary>
    /// <remarks>Lemire 2019, arXiv:1805.10941.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int NextInt32(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        uint range = (uint)exclusiveMax;
        ulong product = (NextUInt64() >> 32) * range;
        if ((uint)product < range)
        {
            uint threshold = (uint)(-range % range);
            while ((uint)product < threshold)
                product = (NextUInt64() >> 32) * range;
        }

        return (int)(product >> 32);
    }

    /// <summary>Draws a number in [<paramref name="min"/>, <paramref name="max"/>).</summary>
    public double NextDouble(double min, double max) => min + ((max - min) * NextDouble());

    /// <summary>Draws true with the given probability.</summary>
    public bool NextBool(double probability) => NextDouble() < probability;

    /// <summary>Draws from the normal distribution with mean 0 and variance 1.</summary>
    /// <remarks>Box and Muller 1958; two draws a call.</remarks>
    public double NextGaussian()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <inheritdoc/>
    public readonly bool Equals(CounterRandom other) => _key == other._key && _counter == other._counter;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is CounterRandom other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(_key, _counter);

    /// <summary>Tells whether both streams have the same key and position.</summary>
    public static bool operator ==(CounterRandom left, CounterRandom right) => left.Equals(right);

    /// <summary>Tells whether the streams differ in key or position.</summary>
    public static bool operator !=(CounterRandom left, CounterRandom right) => !left.Equals(right);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
