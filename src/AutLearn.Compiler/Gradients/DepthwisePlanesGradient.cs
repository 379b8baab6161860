using AutLearn.Compiler.Layout;
using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of a depthwise convolution over [1, C, N, H, W] whose kernel has depth 1: one plane per channel and sample.</summary>
/// <remarks>
/// That is how the channel-major layout writes depthwise convolutions. With all samples of a channel together, the weight gradient is a
/// matrix product per channel: rows of x meet rows of dy at every distance that the kernel reaches. Most of what is multiplied lies outside
/// of the kernel, so it holds for narrow planes; on wide ones each kernel element is summed by itself.
/// </remarks>
internal static class DepthwisePlanesGradient
{
    // Widths of the input; by measurement.
    private const long WidestForWeights = 128, WidestForData = 64;

    // Each input row of a stride gets a block of its own.
    private const long LargestStride = 64;

    /// <summary>Reads the planes' window; null where the convolution is another.</summary>
    public static SlidingWindow? WindowOf(GradientContext g, SlidingWindow window, long group) =>
        window.Rank == 3 && window.Kernel[0] == 1 && window.Strides[0] == 1 && window.Before[0] == 0 && window.After[0] == 0
        && g.Input(0).Shape is { Rank: 5 } x && x[0].Is(1) && x[1].Is(group) && x[3].IsKnown && x[4].IsKnown
        && g.Input(1).Shape is { IsStatic: true } w && w[0].Is(group) && w[1].Is(1)
        && g.Output(0).Shape is { } y && y[3].IsKnown && y[4].IsKnown
            ? new(window.Kernel[1..], window.Strides[1..], window.Dilations[1..], window.Before[1..], window.After[1..])
            : null;

    /// <summary>Adds dx.</summary>
    /// <param name="g">The rule's context.</param>
    /// <param name="dy">[1, C, N, Ho, Wo].</param>
    /// <param name="planes">The window of the planes.</param>
    /// <returns>[1, C, N, H, W], or null where a transposed convolution is as good.</returns>
    public static Value? Data(GradientContext g, Value dy, SlidingWindow planes)
    {
        Shape x = g.Input(0).Shape!;
        bool isDense = planes.Strides[0] == 1 && planes.Strides[1] == 1;
        bool staysInside = Enumerable.Range(0, 2).All(i => planes.Before[i] < planes.Span(i) && planes.After[i] < planes.Span(i));
        if (isDense && staysInside)
            return ByFlippedKernel(g, dy, planes);
        return x[4].Size <= WidestForData ? RowPairs.TryOf(g, planes, dy)?.Data() : null;
    }

    /// <summary>Adds dw.</summary>
    /// <param name="g">The rule's context.</param>
    /// <param name="dy">[1, C, N, Ho, Wo].</param>
    /// <param name="planes">The window of the planes.</param>
    /// <returns>A value of the weight's shape.</returns>
    public static Value Weight(GradientContext g, Value dy, SlidingWindow planes) =>
        (g.Input(0).Shape![4].Size <= WidestForWeights ? RowPairs.TryOf(g, planes, dy)?.Weight() : null) ?? ByTaps(g, dy, planes);

    // Correlation with w turned into convolution with w: the kernel backwards, the padding what was left of its span.
    private static Value ByFlippedKernel(GradientContext g, Value dy, SlidingWindow planes)
    {
        Value w = g.Input(1);
        Value flipped = g.Op("Slice", [w, g.Ints(-1, -1), g.Ints(long.MinValue, long.MinValue), g.Ints(3, 4), g.Ints(-1, -1)]);
        flipped.Type = w.Type;
        long[] before = [.. planes.Before.Select((p, i) => planes.Span(i) - 1 - p)];
        long[] after = [.. planes.After.Select((p, i) => planes.Span(i) - 1 - p)];
        return g.Op(
            "Conv",
            [dy, flipped],
            ("kernel_shape", AttributeValue.Of([1L, .. planes.Kernel])),
            ("dilations", AttributeValue.Of([1L, .. planes.Dilations])),
            ("pads", AttributeValue.Of([0L, .. before, 0L, .. after])),
            ("group", AttributeValue.Of(g.Node.GetInt("group", 1))));
    }

    private static Value ByTaps(GradientContext g, Value dy, SlidingWindow planes)
    {
        Shape x = g.Input(0).Shape!, output = dy.Shape ?? g.Output(0).Shape!;
        long[] after = [.. Enumerable.Range(0, 2).Select(i => Math.Max(0, ((output[i + 3].Size - 1) * planes.Strides[i]) + planes.Span(i) - planes.Before[i] - x[i + 3].Size))];
        Value axes = g.Ints(3, 4);
        Value padded = g.Op("Pad", [g.Input(0), g.Ints([.. planes.Before, .. after]), null, axes]);
        var sums = new List<Value>();
        for (long i = 0; i < planes.Kernel[0]; i++)
        {
            for (long j = 0; j < planes.Kernel[1]; j++)
            {
                long top = i * planes.Dilations[0], left = j * planes.Dilations[1];
                long bottom = top + ((output[3].Size - 1) * planes.Strides[0]) + 1, right = left + ((output[4].Size - 1) * planes.Strides[1]) + 1;
                Value tap = g.Op("Slice", [padded, g.Ints(top, left), g.Ints(bottom, right), axes, g.Ints(planes.Strides)]);
                sums.Add(g.Builder.ReduceSumKeep(g.Reshape(g.Mul(tap, dy), output[1].Size, -1), g.Ints(1)));
            }
        }

        return g.Reshape(sums.Count == 1 ? sums[0] : g.Builder.Concat(1, [.. sums]), g.Input(1).Shape!.ToSizes());
    }

    /// <summary>Output rows r + j against input rows s r, ..., s r + s - 1, for each j at which the kernel reaches from the ones to the others.</summary>
    /// <remarks>
    /// The s input rows lie together in memory already, so the input is never copied; dy is, moved by j rows. Kernel row i joins output row
    /// r + j with one of the s input rows, t: s j = t + before - i d.
    /// </remarks>
    private sealed class RowPairs
    {
        private readonly GradientContext _g;
        private readonly Value _dy;
        private readonly ToeplitzMatrix _rowMatrix;
        private readonly long _channels, _height, _width, _outputHeight, _outputWidth, _stride, _rows;
        private readonly (long Offset, long InputRow)[] _places;
        private readonly long[] _offsets;

        private RowPairs(GradientContext g, SlidingWindow window, Value dy)
        {
            _g = g;
            _dy = dy;
            Shape x = g.Input(0).Shape!, y = g.Output(0).Shape!;
            (_channels, _height, _width) = (x[1].Size, x[3].Size, x[4].Size);
            (_outputHeight, _outputWidth) = (y[3].Size, y[4].Size);
            _stride = window.Strides[0];
            _rows = (_height + _stride - 1) / _stride;
            _rowMatrix = ToeplitzMatrix.OfRow(window, _width, _outputWidth);
            _places = [.. Enumerable.Range(0, (int)window.Kernel[0]).Select(i => PlaceOf((i * window.Dilations[0]) - window.Before[0]))];
            _offsets = [.. _places.Select(p => p.Offset).Where(j => j < _outputHeight && j + _rows > 0).Distinct().Order()];
        }

        /// <summary>Pairs the rows; null where the kernel sees nothing but padding.</summary>
        public static RowPairs? TryOf(GradientContext g, SlidingWindow window, Value dy) =>
            ToeplitzMatrix.Fits(window.Kernel[1], g.Input(0).Shape![4].Size, g.Output(0).Shape![4].Size) && window.HasFewTaps && window.Strides[0] <= LargestStride
            && new RowPairs(g, window, dy) is { _offsets.Length: > 0 } pairs ? pairs : null;

        public Value Weight()
        {
            GradientContext g = _g;
            long beyond = (_rows * _stride) - _height;
            Value x = beyond == 0 ? g.Input(0) : g.Op("Pad", [g.Input(0), g.Ints(0, beyond), null, g.Ints(3)]);
            Value turned = g.Builder.Transpose(g.Reshape(x, _channels, -1, _stride * _width), 0, 2, 1);

            // [C, s, kernel width] for each offset
            var perOffset = _offsets.ToDictionary(
                j => j, j => _rowMatrix.ToKernels(g.Builder, g.Reshape(g.MatMul(turned, Flat(Moved(j))), _channels, _stride, _rowMatrix.Rows, _rowMatrix.Columns)));
            Value[] kernelRows = Array.ConvertAll(
                _places, p => perOffset.TryGetValue(p.Offset, out Value? rows) ? Row(rows, p.InputRow) : Zeros(_rowMatrix.Taps));
            return g.Reshape(Joined(kernelRows, 1), g.Input(1).Shape!.ToSizes());
        }

        public Value Data()
        {
            GradientContext g = _g;

            // [C, kernel height, W, Wo]
            Value rowMatrices = _rowMatrix.PerKernel(g.Builder, g.Reshape(g.Input(1), _channels, _places.Length, _rowMatrix.Taps));
            Value[] blocks = Array.ConvertAll(_offsets, j => Joined([.. Enumerable.Range(0, (int)_stride).Select(t => BlockOf(rowMatrices, j, t))], 2));
            Value rows = Joined(Array.ConvertAll(_offsets, Moved), 4);
            Value matrix = g.Reshape(Joined(blocks, 3), _channels, _stride * _width, _offsets.Length * _outputWidth);
            Value product = g.MatMul(g.Reshape(rows, _channels, -1, _offsets.Length * _outputWidth), g.Builder.Transpose(matrix, 0, 2, 1));
            Value dx = g.Reshape(product, 1, _channels, -1, _rows * _stride, _width);
            return _rows * _stride == _height ? dx : g.Op("Slice", [dx, g.Ints(0), g.Ints(_height), g.Ints(3)]);
        }

        // s j - t = -reach
        private (long Offset, long InputRow) PlaceOf(long reach)
        {
            long inputRow = ((reach % _stride) + _stride) % _stride;
            return ((inputRow - reach) / _stride, inputRow);
        }

        // [C, 1, W, Wo]
        private Value BlockOf(Value rowMatrices, long offset, long inputRow)
        {
            int kernelRow = Array.IndexOf(_places, (offset, inputRow));
            return kernelRow >= 0 ? Row(rowMatrices, kernelRow) : Zeros(_width, _outputWidth);
        }

        // Row r is dy's row r + offset, or zeros where it has none; as many rows as the input has groups of s.
        private Value Moved(long offset)
        {
            long after = offset + _rows - _outputHeight;
            return offset == 0 && after == 0 ? _dy : _g.Op("Pad", [_dy, _g.Ints(-offset, after), null, _g.Ints(3)]);
        }

        private Value Flat(Value rows) => _g.Reshape(rows, _channels, -1, _outputWidth);

        private Value Row(Value value, long index) => _g.Op("Slice", [value, _g.Ints(index), _g.Ints(index + 1), _g.Ints(1)]);

        // [C, 1, ...]
        private Value Zeros(params ReadOnlySpan<long> sizes) => _g.Builder.Expand(_g.Zero(_dy), _g.Ints([_channels, 1, .. sizes]));

        private Value Joined(Value[] parts, int axis) => parts.Length == 1 ? parts[0] : _g.Builder.Concat(axis, parts);
    }
}
