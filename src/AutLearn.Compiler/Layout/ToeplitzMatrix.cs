using AutLearn.Compiler.Gradients;
using AutLearn.Graph;

namespace AutLearn.Compiler.Layout;

/// <summary>The matrix T [rows, columns] that a small kernel is when it slides: y = x T with inputs as rows and outputs as columns.</summary>
/// <remarks>T is linear in the kernel, T = w S, where S [kernel elements, rows columns] is constant and selects the places of each element.</remarks>
internal sealed class ToeplitzMatrix
{
    private readonly float[] _selection;
    private readonly long _taps;

    private ToeplitzMatrix(long taps, long rows, long columns)
    {
        _taps = taps;
        Rows = rows;
        Columns = columns;
        _selection = new float[checked(taps * rows * columns)];
    }

    public long Rows { get; }

    public long Columns { get; }

    /// <summary>The matrix of a whole plane: rows are input positions, columns are output positions.</summary>
    public static ToeplitzMatrix OfPlane(SlidingWindow window, long height, long width, long outputHeight, long outputWidth)
    {
        var matrix = new ToeplitzMatrix(window.Kernel[0] * window.Kernel[1], height * width, outputHeight * outputWidth);
        for (long oy = 0; oy < outputHeight; oy++)
        {
            for (long i = 0; i < window.Kernel[0]; i++)
            {
                long y = (oy * window.Strides[0]) - window.Before[0] + (i * window.Dilations[0]);
                if (y >= 0 && y < height)
                    matrix.SelectRow(window, i, y * width, width, oy * outputWidth, outputWidth);
            }
        }

        return matrix;
    }

    /// <summary>
    /// The matrix from the input rows s r, ..., s r + s - 1, side by side, to the output row r + offset, with s the stride: rows are places in
    /// the input rows, columns are places in the output row.
    /// </summary>
    public static ToeplitzMatrix OfRows(SlidingWindow window, long offset, long width, long outputWidth)
    {
        var matrix = new ToeplitzMatrix(window.Kernel[0] * window.Kernel[1], window.Strides[0] * width, outputWidth);
        for (long i = 0; i < window.Kernel[0]; i++)
        {
            long row = (offset * window.Strides[0]) - window.Before[0] + (i * window.Dilations[0]);
            if (row >= 0 && row < window.Strides[0])
                matrix.SelectRow(window, i, row * width, width, 0, outputWidth);
        }

        return matrix;
    }

    /// <summary>Adds T for each channel's kernel.</summary>
    /// <param name="b">Adds the nodes.</param>
    /// <param name="weight">[C, 1, kernel].</param>
    /// <returns>[C, rows, columns].</returns>
    public Value PerChannel(GraphBuilder b, Value weight)
    {
        long channels = weight.Shape![0].Size;
        return b.Reshape(b.Op("Gemm", [b.Reshape(weight, channels, _taps), Selection(b, weight)]), channels, Rows, Columns);
    }

    /// <summary>Adds the kernels' gradients from those of the matrices.</summary>
    /// <param name="b">Adds the nodes.</param>
    /// <param name="gradient">[C, rows, columns].</param>
    /// <param name="weight">[C, 1, kernel].</param>
    /// <returns>A value of the weight's shape.</returns>
    public Value ToWeight(GraphBuilder b, Value gradient, Value weight)
    {
        Value flat = b.Reshape(gradient, weight.Shape![0].Size, Rows * Columns);
        Value product = b.Op("Gemm", [flat, Selection(b, weight)], ("transB", AttributeValue.Of(1L)));
        return b.Reshape(product, weight.Shape.ToSizes());
    }

    private void SelectRow(SlidingWindow window, long kernelRow, long firstRow, long width, long firstColumn, long outputWidth)
    {
        for (long j = 0; j < window.Kernel[1]; j++)
        {
            long tap = (kernelRow * window.Kernel[1]) + j;
            for (long ox = 0; ox < outputWidth; ox++)
            {
                long x = (ox * window.Strides[1]) - window.Before[1] + (j * window.Dilations[1]);
                if (x >= 0 && x < width)
                    _selection[(((tap * Rows) + firstRow + x) * Columns) + firstColumn + ox] = 1;
            }
        }
    }

    private Value Selection(GraphBuilder b, Value like)
    {
        long[] dimensions = [_taps, Rows * Columns];
        return b.Constant(like.ElementType == ElementType.Float64
            ? Tensor.Of<double>(dimensions, Array.ConvertAll(_selection, v => (double)v))
            : Tensor.Of<float>(dimensions, _selection));
    }
}
