using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of Fourier transforms and determinants.</summary>
internal static class TransformGradients
{
    private const long LargestDeterminant = 16;

    public static void Register(GradientRegistry rules)
    {
        rules.Add("Det", sinceOpset: 11, Det);
        rules.Add("DFT", sinceOpset: 17, g => Dft(g, g.Node.GetInt("axis", 1)));
        rules.Add("DFT", sinceOpset: 20, g => Dft(g, g.OptionalInput(2) is null ? -2 : g.OptionalInput(2).ConstantInts() is [var axis] ? axis : throw Refused(g, "along an axis that is computed")));
    }

    // y = det x  =>  dx_ij = dy times the cofactor of x_ij, the determinant without row i and column j with the sign of i + j
    private static Value?[] Det(GradientContext g)
    {
        Value x = g.Input(0);
        int rank = g.RankOf(x);
        if (x.Shape![rank - 1] is not { IsKnown: true, Size: <= LargestDeterminant and var n })
            throw Refused(g, $"of matrices {x.Shape}; up to {LargestDeterminant} rows can be differentiated");
        Value dy = g.Op("Unsqueeze", [g.OutputGradient(0), g.Ints(-1)]);
        if (n == 1)
            return [g.ReshapeLike(dy, x)];
        g.Spend(0, n * n * n * n * sizeof(long));
        var minors = new long[n * n * (n - 1) * (n - 1)];
        var signs = new float[n * n];
        int at = 0;
        for (long element = 0; element < n * n; element++)
        {
            (long row, long column) = (element / n, element % n);
            signs[element] = (row + column) % 2 == 0 ? 1 : -1;
            for (long other = 0; other < n * n; other++)
            {
                if (other / n != row && other % n != column)
                    minors[at++] = other;
            }
        }

        Value[] leading = [.. Enumerable.Range(0, rank - 2).Select(a => g.Builder.SizeOf(x, a))];
        Value elements = g.Builder.Reshape(x, g.JoinSizes([.. leading, g.Ints(n * n)]));
        Value gathered = g.Op("Gather", [elements, g.Ints(minors)], ("axis", AttributeValue.Of(-1L)));
        Value cofactors = g.Op("Det", [g.Builder.Reshape(gathered, g.JoinSizes([.. leading, g.Ints(n * n, n - 1, n - 1)]))]);
        Value signed = g.Mul(cofactors, g.Builder.CastLike(g.Constant(Tensor.Vector(signs)), x));
        return [g.ReshapeLike(g.Mul(signed, dy), x)];
    }

    // y = F x over n elements, or F^-1 x = conj(F) x / n  =>  dx = n F^-1 dy, or F dy / n. A real input takes the real part. The half of a
    // spectrum stands for both: forwards the other half gets no gradient; backwards it counts twice, but for what is its own mirror image.
    private static Value?[] Dft(GradientContext g, long givenAxis)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        int rank = g.RankOf(x), axis = g.AxisOf(givenAxis, rank);
        bool isInverse = g.Node.GetInt("inverse", 0) != 0, isHalf = g.Node.GetInt("onesided", 0) != 0;
        if (x.Shape![axis] is not { IsKnown: true, Size: var given })
            throw Refused(g, $"over an axis of {x.Shape} whose size is not known");
        long n = g.OptionalInput(1) is null ? (isInverse && isHalf ? 2 * (given - 1) : given)
            : g.OptionalInput(1).ConstantInts() is [var length] ? length
            : throw Refused(g, "of a length that is computed");
        long half = (n / 2) + 1;
        g.Spend(0, isInverse && isHalf ? half * sizeof(float) : 0);
        Value dx;
        if (isInverse && isHalf)
        {
            float[] twice = [.. Enumerable.Range(0, (int)half).Select(k => k == 0 || 2 * k == n ? 1f / n : 2f / n)];
            Value weights = g.Reshape(g.Builder.CastLike(g.Constant(Tensor.Vector(twice)), x), [-1, .. Enumerable.Repeat(1L, rank - 1 - axis)]);
            dx = g.Mul(Transform(g, dy, axis, isInverse: false, isHalf: true), weights);
        }
        else
        {
            Value whole = isHalf ? Fit(g, dy, axis, half, n) : dy;
            dx = g.Mul(Transform(g, whole, axis, !isInverse, isHalf: false), isInverse ? 1d / n : n);
        }

        dx = Fit(g, dx, axis, isInverse && isHalf ? half : n, given);
        if (x.Shape[rank - 1].Is(1))
            dx = g.Op("Slice", [dx, g.Ints(0), g.Ints(1), g.Ints(-1)]);
        dx.Type = x.Type;
        var result = new Value?[g.InputCount];
        result[0] = dx;
        return result;
    }

    private static Value Transform(GradientContext g, Value x, int axis, bool isInverse, bool isHalf)
    {
        (string, AttributeValue)[] attributes = [("inverse", AttributeValue.Of(isInverse ? 1L : 0L)), ("onesided", AttributeValue.Of(isHalf ? 1L : 0L))];
        return g.Builder.Opset < 20
            ? g.Op("DFT", [x], [.. attributes, ("axis", AttributeValue.Of((long)axis))])
            : g.Op("DFT", [x, null, g.Int(axis)], attributes);
    }

    // Cuts off, or fills with zeros at the end.
    private static Value Fit(GradientContext g, Value x, int axis, long size, long wanted) =>
        wanted == size ? x
        : wanted < size ? g.Op("Slice", [x, g.Ints(0), g.Ints(wanted), g.Ints(axis)])
        : g.Op("Pad", [x, g.Ints(0, wanted - size), null, g.Ints(axis)]);

    private static UnsupportedGradientException Refused(GradientContext g, string what) => new([$"'{g.Node.DisplayName}' ({g.Node.OpType} {what})"]);
}
