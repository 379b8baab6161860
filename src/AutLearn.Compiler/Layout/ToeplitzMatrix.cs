using AutLearn.Compiler.Analysis;
using AutLearn.Compiler.Gradients;
using AutLearn.Graph;

namespace AutLearn.Compiler.Layout;

/// <summary>The matrix T [rows, columns] that a small kernel is when it slides: y = x T with inputs as rows and outputs as columns.</summary>
/// <remarks>T is linear in the kernel, T = w S, where S [kernel elements, rows columns] is constant and selects the places of each element.</remarks>
internal sealed class ToeplitzMatrix
{
    // 4 MB. It grows with the kernel and with both planes, which a small file can make large.
    private const long LargestCount = 1 << 20;

    private readonly float[] _selection;

    private ToeplitzMatrix(long taps, long rows, long columns)
    {
        Taps = taps;
        Rows = rows;
        Columns = columns;
        _selection = new float[checked(taps * rows * columns)];
    }

    /// <summary>Tells whether a matrix of these sizes is small enough to be stored.</summary>
    public static bool Fits(long taps, long rows, long columns) =>
        SaturatingSize.Product([taps, rows, columns]) <= LargestCount;

    /// <summary>Gets the elements of a kernel.</summary>
    public long Taps { get; }

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

    /// <summary>The matrix of one row: rows are places in an input row, columns are places in an output row.</summary>
    public static ToeplitzMatrix OfRow(SlidingWindow window, long width, long outputWidth)
    {
        var matrix = new ToeplitzMatrix(window.Kernel[1], width, outputWidth);
        matrix.SelectRow(window, 0, 0, width, 0, outputWidth);
        return matrix;
    }

    /// <summary>Adds T for each kernel.</summary>
    /// <param name="b">Adds the nodes.</param>
    /// <param name="kernels">[A, B, taps].</param>
    /// <returns>[A, B, rows, columns].</returns>
    public Value PerKernel(GraphBuilder b, Value kernels)
    {
        Value product = b.Op("Gemm", [b.Reshape(kernels, -1, Taps), Selection(b, kernels)]);
        return b.Reshape(product, kernels.Shape![0].Size, kernels.Shape[1].Size, Rows, Columns);
    }

    /// <summary>Adds the kernels' gradients from those of the matrices.</summary>
    /// <param name="b">Adds the nodes.</param>
    /// <param name="gradient">[A, B, rows, columns].</param>
    /// <returns>[A, B, taps].</returns>
    public Value ToKernels(GraphBuilder b, Value gradient)
    {
        Value product = b.Op("Gemm", [b.Reshape(gradient, -1, Rows * Columns), Selection(b, gradient)], ("transB", AttributeValue.Of(1L)));
        return b.Reshape(product, gradient.Shape![0].Size, gradient.Shape[1].Size, Taps);
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
        long[] dimensions = [Taps, Rows * Columns];
        return b.Constant(like.ElementType == ElementType.Float64
            ? Tensor.Of<double>(dimensions, Array.ConvertAll(_selection, v => (double)v))
            : Tensor.Of<float>(dimensions, _selection));
    }
}
