using System.Numerics;

namespace AutLearn.Runtime.Updates;

/// <summary>The largest magnitudes that an update has written, by tensor: infinite or NaN where any number is.</summary>
/// <remarks>Kept as the numbers' bits without their sign, which order as the magnitudes do (IEEE 754-2019, section 5.10).</remarks>
internal struct LargestWritten
{
    private uint _parameter;
    private uint _first;
    private uint _second;

    public readonly double Parameter => BitConverter.UInt32BitsToSingle(_parameter);

    public readonly double First => BitConverter.UInt32BitsToSingle(_first);

    public readonly double Second => BitConverter.UInt32BitsToSingle(_second);

    public void Take(Vector<uint> parameter, Vector<uint> first, Vector<uint> second)
    {
        _parameter = Largest(parameter, _parameter);
        _first = Largest(first, _first);
        _second = Largest(second, _second);
    }

    public void Take(in LargestWritten other)
    {
        _parameter = Math.Max(_parameter, other._parameter);
        _first = Math.Max(_first, other._first);
        _second = Math.Max(_second, other._second);
    }

    /// <summary>Takes in a parameter that was rounded to half precision after the update, which may have made it infinite.</summary>
    public void TakeParameter(double magnitude) =>
        _parameter = Math.Max(_parameter, BitConverter.SingleToUInt32Bits((float)magnitude));

    private static uint Largest(Vector<uint> candidates, uint largest)
    {
        for (int i = 0; i < Vector<uint>.Count; i++)
            largest = Math.Max(largest, candidates[i]);
        return largest;
    }
}
