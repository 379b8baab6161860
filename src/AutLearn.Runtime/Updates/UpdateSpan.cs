using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutLearn.Runtime.Updates;

/// <summary>A stretch of a parameter with its gradient and states, before and after an update.</summary>
/// <remarks>All spans of one length; states that a rule does not have are empty.</remarks>
internal readonly ref struct UpdateSpan
{
    public required ReadOnlySpan<float> Parameter { get; init; }

    public required ReadOnlySpan<float> Gradient { get; init; }

    public ReadOnlySpan<float> First { get; init; }

    public ReadOnlySpan<float> Second { get; init; }

    public required Span<float> NextParameter { get; init; }

    public Span<float> NextFirst { get; init; }

    public Span<float> NextSecond { get; init; }

    /// <summary>Reads each number once and writes each once.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="scale">What the gradient is multiplied by first.</param>
    /// <param name="largest">Takes in what is written.</param>
    /// <remarks>Compiled at once and fully: training on a device may be over before a method has proved to be hot.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Update<TRule>(TRule rule, float scale, ref LargestWritten largest)
        where TRule : struct, IUpdateRule
    {
        int width = Vector<float>.Count, whole = Parameter.Length - (Parameter.Length % width);
        ref float w = ref MemoryMarshal.GetReference(Parameter), g = ref MemoryMarshal.GetReference(Gradient);
        ref float a = ref MemoryMarshal.GetReference(First), b = ref MemoryMarshal.GetReference(Second);
        ref float nextW = ref MemoryMarshal.GetReference(NextParameter);
        ref float nextA = ref MemoryMarshal.GetReference(NextFirst), nextB = ref MemoryMarshal.GetReference(NextSecond);
        var factor = new Vector<float>(scale);
        var mask = new Vector<uint>(uint.MaxValue >> 1);
        Vector<uint> largestW = Vector<uint>.Zero, largestA = Vector<uint>.Zero, largestB = Vector<uint>.Zero;
        Vector<float> first = default, second = default;
        for (nuint i = 0; i < (nuint)whole; i += (nuint)width)
        {
            if (TRule.StateCount > 0)
                first = Vector.LoadUnsafe(ref a, i);
            if (TRule.StateCount > 1)
                second = Vector.LoadUnsafe(ref b, i);
            Vector<float> next = rule.Next(Vector.LoadUnsafe(ref w, i), Tiny.Drop(Vector.LoadUnsafe(ref g, i), Tiny.Gradient) * factor, ref first, ref second);
            next.StoreUnsafe(ref nextW, i);
            largestW = Vector.Max(largestW, next.As<float, uint>() & mask);
            if (TRule.StateCount > 0)
            {
                first.StoreUnsafe(ref nextA, i);
                largestA = Vector.Max(largestA, first.As<float, uint>() & mask);
            }

            if (TRule.StateCount > 1)
            {
                second.StoreUnsafe(ref nextB, i);
                largestB = Vector.Max(largestB, second.As<float, uint>() & mask);
            }
        }

        largest.Take(largestW, largestA, largestB);
        if (whole < Parameter.Length)
            UpdateRest(rule, scale, whole, ref largest);
    }

    // What does not fill a vector, in one that is filled up with zeros.
    private void UpdateRest<TRule>(TRule rule, float scale, int start, ref LargestWritten largest)
        where TRule : struct, IUpdateRule
    {
        Vector<float> first = TRule.StateCount > 0 ? Rest(First[start..]) : default, second = TRule.StateCount > 1 ? Rest(Second[start..]) : default;
        var mask = new Vector<uint>(uint.MaxValue >> 1);
        Vector<float> next = rule.Next(Rest(Parameter[start..]), Tiny.Drop(Rest(Gradient[start..]), Tiny.Gradient) * new Vector<float>(scale), ref first, ref second);
        int count = Parameter.Length - start;
        Store(next, NextParameter.Slice(start, count));
        if (TRule.StateCount > 0)
            Store(first, NextFirst.Slice(start, count));
        if (TRule.StateCount > 1)
            Store(second, NextSecond.Slice(start, count));
        largest.Take(Used(next, count), TRule.StateCount > 0 ? Used(first, count) : default, TRule.StateCount > 1 ? Used(second, count) : default);

        Vector<uint> Used(Vector<float> written, int length)
        {
            Span<float> numbers = stackalloc float[Vector<float>.Count];
            written.CopyTo(numbers);
            numbers[length..].Clear();
            return new Vector<float>(numbers).As<float, uint>() & mask;
        }
    }

    private static Vector<float> Rest(ReadOnlySpan<float> values)
    {
        Span<float> filled = stackalloc float[Vector<float>.Count];
        filled.Clear();
        values.CopyTo(filled);
        return new(filled);
    }

    private static void Store(Vector<float> vector, Span<float> target)
    {
        Span<float> filled = stackalloc float[Vector<float>.Count];
        vector.CopyTo(filled);
        filled[..target.Length].CopyTo(target);
    }
}
