using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of convolutions of any number of spatial axes.</summary>
internal static class ConvolutionGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("Conv", sinceOpset: 11, Conv);
        rules.Add("ConvTranspose", sinceOpset: 11, ConvTranspose);
    }

    // y = w * x + b  =>  dx = the transposed convolution of dy, dw = the correlation of x with dy, db = sum dy
    private static Value?[] Conv(GradientContext g)
    {
        Value x = g.Finite(g.Input(0)), w = g.Finite(g.Input(1)), dy = g.OutputGradient(0);
        dy.Type ??= g.Output(0).Type;
        long[] kernel = KernelOf(g, w);
        long group = g.Node.GetInt("group", 1);
        SlidingWindow window;
        Value padded = x;
        Value? before = null;
        if (SlidingWindow.TryOf(g, x, kernel) is { } known)
        {
            window = known;
        }
        else
        {
            window = SlidingWindow.Unpadded(g.Node, kernel);
            (padded, before) = PadToSame(g, x, window);
        }

        SlidingWindow? planes = before is null ? DepthwisePlanesGradient.WindowOf(g, window, group) : null;
        var result = new Value?[g.InputCount];
        if (g.NeedsGradient(0))
        {
            Value dx = (planes is null ? null : DepthwisePlanesGradient.Data(g, dy, planes)) ?? DataGradient(g, padded, w, dy, window, group);
            if (before is not null)
                dx = g.Op("Slice", [dx, before, g.Add(before, g.SpatialSizes(x)), window.SpatialAxes(g)]);
            dx.Type = x.Type;
            result[0] = dx;
        }

        if (g.NeedsGradient(1))
            result[1] = planes is null ? ConvolutionWeightGradient.Of(g, padded, dy, w, window, group) : DepthwisePlanesGradient.Weight(g, dy, planes);
        if (g.NeedsGradient(2))
            result[2] = SumOverChannels(g, dy);
        return result;
    }

    private static Value DataGradient(GradientContext g, Value x, Value w, Value dy, SlidingWindow window, long group)
    {
        bool isPointwise = group == 1 && window.IsDense && Array.TrueForAll(window.Kernel, k => k == 1) && Array.TrueForAll(window.Strides, s => s == 1);
        if (!isPointwise)
            return window.Transposed(g, dy, w, x, group);

        // 1x1: dx = w^T dy, itself a 1x1 convolution, which ONNX Runtime runs as one matrix product per sample.
        long[] permutation = [1, 0, .. Enumerable.Range(2, window.Rank).Select(i => (long)i)];
        return g.Op("Conv", [dy, g.Builder.Transpose(w, permutation)]);
    }

    // y = the transposed convolution of x with w [C, M / group, kernel], plus b
    // =>  dx = the convolution of dy with w, dw = the correlation of dy with x, db = sum dy
    private static Value?[] ConvTranspose(GradientContext g)
    {
        Value x = g.Finite(g.Input(0)), w = g.Finite(g.Input(1)), dy = g.OutputGradient(0);
        dy.Type ??= g.Output(0).Type;
        long[] kernel = KernelOf(g, w);
        long group = g.Node.GetInt("group", 1);
        SlidingWindow window = TransposedWindow(g, kernel);
        var result = new Value?[g.InputCount];
        if (g.NeedsGradient(0))
        {
            Value dx = g.Op("Conv", [dy, w], [.. window.Attributes(), ("group", AttributeValue.Of(group))]);
            dx.Type = x.Type;
            result[0] = dx;
        }

        if (g.NeedsGradient(1))
            result[1] = ConvolutionWeightGradient.Of(g, dy, x, w, window, group);
        if (g.NeedsGradient(2))
            result[2] = SumOverChannels(g, dy);
        return result;
    }

    // The window of the convolution that runs the other way, over the output. What output_padding adds is less than a stride, so
    // that convolution has no window for it.
    private static SlidingWindow TransposedWindow(GradientContext g, long[] kernel)
    {
        SlidingWindow window = SlidingWindow.Unpadded(g.Node, kernel);
        long[] extra = g.Node.GetInts("output_padding") is { } given ? [.. given] : new long[kernel.Length];
        string autoPad = g.Node.GetString("auto_pad", "NOTSET");
        bool sized = g.Node.Attributes.ContainsKey("output_shape");
        for (int i = 0; i < kernel.Length; i++)
        {
            if (!sized && autoPad is "NOTSET" or "VALID")
            {
                if (autoPad == "NOTSET" && g.Node.GetInts("pads") is { } pads)
                    (window.Before[i], window.After[i]) = (pads[i], pads[i + kernel.Length]);
                continue;
            }

            if (g.Input(0).Shape is not { } x || !x[i + 2].IsKnown || g.Output(0).Shape is not { } y || !y[i + 2].IsKnown)
                throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (ConvTranspose with auto_pad or output_shape over spatial sizes that are not known)"]);
            long total = Math.Max(((x[i + 2].Size - 1) * window.Strides[i]) + extra[i] + window.Span(i) - y[i + 2].Size, 0);
            window.Before[i] = autoPad == "SAME_UPPER" ? total / 2 : total - (total / 2);
            window.After[i] = total - window.Before[i];
        }

        return window;
    }

    private static Value SumOverChannels(GradientContext g, Value dy) =>
        g.Builder.ReduceSum(dy, [.. Enumerable.Range(0, g.RankOf(dy)).Where(i => i != 1).Select(i => (long)i)]);

    private static long[] KernelOf(GradientContext g, Value w)
    {
        if (g.Node.GetInts("kernel_shape") is { } given)
            return [.. given];
        return w.Shape is { } shape && shape.Skip(2).All(d => d.IsKnown)
            ? [.. shape.Skip(2).Select(d => d.Size)]
            : throw new AutLearnException($"The gradient of node '{g.Node.DisplayName}' ({g.Node.OpType}) needs the kernel size of '{w.Name}'. Set kernel_shape.") { NodeName = g.Node.DisplayName };
    }

    // auto_pad SAME over sizes n that are not known: max((ceil(n / s) - 1) s + span - n, 0) elements of padding, computed in the graph.
    private static (Value Padded, Value Before) PadToSame(GradientContext g, Value x, SlidingWindow window)
    {
        Value sizes = g.SpatialSizes(x);
        Value strides = g.Ints(window.Strides);
        long[] spans = [.. Enumerable.Range(0, window.Rank).Select(window.Span)];
        Value steps = g.Div(g.Add(sizes, g.Ints([.. window.Strides.Select(s => s - 1)])), strides);
        Value ends = g.Add(g.Mul(g.Sub(steps, g.Int(1)), strides), g.Ints(spans));
        Value total = g.Op("Max", [g.Sub(ends, sizes), g.Int(0)]);
        Value half = g.Div(total, g.Int(2));
        Value rest = g.Sub(total, half);
        bool upper = g.Node.GetString("auto_pad", "") == "SAME_UPPER";
        (Value before, Value after) = upper ? (half, rest) : (rest, half);
        Value padded = g.Op("Pad", [x, g.Builder.Concat(0, before, after), null, window.SpatialAxes(g)]);
        padded.Type = new TensorType(x.ElementType, new Shape(x.Shape!.Select((d, i) => i < 2 ? d : Dimension.Unknown)));
        return (padded, before);
    }
}
