using System.Numerics;
using System.Runtime.CompilerServices;

namespace AutLearn.Runtime.Updates;

/// <summary>Numbers so small that updates take them for 0, so that none of their products lies below the normal range (1.2e-38).</summary>
internal static class Tiny
{
    /// <summary>2^-90, about 8e-28: gradients, velocities and mean gradients.</summary>
    public const float Gradient = 1f / (1 << 30) / (1 << 30) / (1 << 30);

    /// <summary>2^-55, about 3e-17: gradients that are squared.</summary>
    public const float Squared = 1f / (1 << 30) / (1 << 25);

    /// <summary>2^-116, about 1e-35: sums and means of squares.</summary>
    public const float Square = Gradient / (1 << 26);

    /// <summary>2^-126, about 1e-38, the least normal number: parameters.</summary>
    public const float Parameter = Gradient / (1 << 30) / (1 << 6);

    /// <summary>2^-100, about 8e-31: parameters that decay.</summary>
    public const float DecayingParameter = Gradient / (1 << 10);

    /// <summary>Makes 0 of magnitudes below a limit; NaN stays.</summary>
    /// <remarks>Compares the bits as integers, which order alike (IEEE 754-2019, section 5.10) and take no longer where numbers are tiny.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Drop(Vector<float> value, float below)
    {
        Vector<int> magnitude = value.As<float, int>() & new Vector<int>(int.MaxValue);
        return Vector.AndNot(value, Vector.LessThan(magnitude, new Vector<int>(BitConverter.SingleToInt32Bits(below))).As<int, float>());
    }
}
