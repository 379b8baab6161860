namespace AutLearn.Runtime.Updates;

/// <summary>A stretch of a tensor that one thread works on.</summary>
/// <param name="Tensor">The tensor's place among those that are updated.</param>
/// <param name="Start">The first element.</param>
/// <param name="Length">How many.</param>
internal readonly record struct Piece(int Tensor, int Start, int Length)
{
    public static IEnumerable<Piece> Cut(int tensor, int count, int length)
    {
        for (int start = 0; start < count; start += length)
            yield return new(tensor, start, Math.Min(length, count - start));
    }
}
