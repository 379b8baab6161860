using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>What Resize does along one axis of known sizes: y = M x with M [outputs, inputs].</summary>
/// <remarks>
/// Coordinates are computed in Float32 as ONNX Runtime does. With antialias the kernel is stretched over the elements that become one, as
/// Pillow does it. Cubic: Keys, Cubic convolution interpolation for digital image processing, 1981.
/// </remarks>
internal sealed class ResizeMatrix
{
    private readonly Node _node;
    private readonly long _inputs;
    private readonly long _outputs;
    private readonly float _scale;
    private readonly (float Start, float End) _region;

    /// <param name="node">The Resize node.</param>
    /// <param name="inputs">The size of the axis before.</param>
    /// <param name="outputs">The size of the axis after.</param>
    /// <param name="scale">The scale of the axis.</param>
    /// <param name="region">The part of the axis, from 0 to 1, that tf_crop_and_resize takes.</param>
    public ResizeMatrix(Node node, long inputs, long outputs, float scale, (float Start, float End) region)
    {
        _node = node;
        (_inputs, _outputs, _scale, _region) = (inputs, outputs, scale, region);
    }

    private string Mode => _node.GetString("mode", "nearest");

    private bool ExcludesOutside => _node.GetInt("exclude_outside", 0) != 0;

    /// <summary>Gets the matrix, row by row.</summary>
    public double[] Elements()
    {
        double[] elements = new double[checked(_outputs * _inputs)];
        for (long o = 0; o < _outputs; o++)
            FillRow(elements.AsSpan((int)(o * _inputs), (int)_inputs), o);
        return elements;
    }

    private void FillRow(Span<double> row, long output)
    {
        float at = Coordinate(output);

        // An element that is extrapolated depends on no input.
        if (_node.GetString("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize" && (at < 0 || at > _inputs - 1))
            return;
        if (Mode != "nearest" && _node.GetInt("antialias", 0) != 0)
        {
            FillSmoothed(row, _scale == 1 ? output : at);
            return;
        }

        switch (Mode)
        {
            case "nearest":
                row[(int)Math.Clamp(Nearest(at), 0, _inputs - 1)] = 1;
                break;
            case "linear":
                float inside = Math.Clamp(at, 0, _inputs - 1);
                int low = (int)inside;
                row[low] += 1 - (inside - low);
                row[(int)Math.Min(low + 1, _inputs - 1)] += inside - low;
                break;
            default:
                FillCubic(row, at);
                break;
        }
    }

    private float Coordinate(long output)
    {
        switch (_node.GetString("coordinate_transformation_mode", "half_pixel"))
        {
            case "align_corners":
                return _outputs == 1 ? 0 : (float)output * (_inputs - 1) / (_outputs - 1);
            case "asymmetric":
                return output / _scale;
            case "pytorch_half_pixel":
                return _outputs > 1 ? ((output + 0.5f) / _scale) - 0.5f : 0;
            case "half_pixel_symmetric":
                float adjustment = _outputs / (_scale * _inputs);
                float center = _inputs / 2f;
                return (center * (1 - adjustment)) + ((output + 0.5f) / _scale) - 0.5f;
            case "tf_crop_and_resize":
                return _outputs > 1
                    ? (_region.Start * (_inputs - 1)) + (output * (_region.End - _region.Start) * (_inputs - 1) / (_outputs - 1))
                    : 0.5f * (_region.Start + _region.End) * (_inputs - 1);
            default:
                return ((output + 0.5f) / _scale) - 0.5f;
        }
    }

    private long Nearest(float at) => _node.GetString("nearest_mode", "round_prefer_floor") switch
    {
        "floor" => (long)MathF.Floor(at),
        "ceil" => (long)MathF.Ceiling(at),
        "round_prefer_ceil" => (long)MathF.Floor(at + 0.5f),
        _ => (long)MathF.Ceiling(at - 0.5f),
    };

    private void FillCubic(Span<double> row, float at)
    {
        long first = (long)MathF.Floor(at) - 1;
        Span<double> weights = stackalloc double[4];
        for (int k = 0; k < 4; k++)
            weights[k] = Kernel(at - (first + k));
        Spread(row, first, weights);
    }

    private void FillSmoothed(Span<double> row, float at)
    {
        // The kernel grows with the step between outputs, but is never narrower than its own width.
        float step = Math.Max(1, 1 / _scale);
        float support = (Mode == "linear" ? 1 : 2) * step;
        float center = at + 0.5f;
        long first = (long)MathF.Floor(center - support + 0.5f), end = (long)MathF.Floor(center + support + 0.5f);
        double[] weights = new double[end - first];
        for (int k = 0; k < weights.Length; k++)
            weights[k] = Kernel((first + k - center + 0.5f) / step);
        Spread(row, first, weights);
    }

    // Weights sum to 1; those beyond the borders count for the outer elements, or for nothing.
    private void Spread(Span<double> row, long first, Span<double> weights)
    {
        double sum = 0;
        for (int k = 0; k < weights.Length; k++)
        {
            if (ExcludesOutside && (first + k < 0 || first + k >= _inputs))
                weights[k] = 0;
            sum += weights[k];
        }

        for (int k = 0; k < weights.Length; k++)
            row[(int)Math.Clamp(first + k, 0, _inputs - 1)] += weights[k] / sum;
    }

    // 1 - d, or (a + 2) d^3 - (a + 3) d^2 + 1 for d <= 1 and a d^3 - 5a d^2 + 8a d - 4a for d <= 2
    private double Kernel(double x)
    {
        double d = Math.Abs(x);
        if (Mode == "linear")
            return Math.Max(0, 1 - d);
        double a = _node.GetFloat("cubic_coeff_a", -0.75f);
        return d <= 1 ? ((((a + 2) * d) - (a + 3)) * d * d) + 1
            : d < 2 ? ((((((d - 5) * d) + 8) * d) - 4) * a)
            : 0;
    }
}
