using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Resampling; ONNX Runtime's CPU kernel takes Float32 alone.</summary>
internal static class ResizeCases
{
    public static IEnumerable<GradientCase> Rows => [.. NearestRows(), .. LinearRows()];

    private static IEnumerable<GradientCase> NearestRows()
    {
        yield return Scaled("nearest, asymmetric, floor, 2 x 3", "nearest", "asymmetric", [1, 1, 2, 3], "floor") with { Torch = t => [Nearest(t[0], [6, 12])] };
        yield return Scaled("nearest, half_pixel, 2 x 2", "nearest", "half_pixel", [1, 1, 2, 2]) with { Torch = t => [Nearest(t[0], [6, 8])] };
        yield return Scaled("nearest, asymmetric, floor, 1.5 x 0.5", "nearest", "asymmetric", [1, 1, 1.5f, 0.5f], "floor") with { Torch = t => [Nearest(t[0], [4, 2], 1.5, 0.5)] };
        yield return Sized("nearest, sizes, asymmetric, floor", "nearest", "asymmetric", [2, 3, 5, 7], "floor") with { Torch = t => [Nearest(t[0], [5, 7])] };
        foreach (string rounding in (string[])["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
        {
            foreach (string coordinates in (string[])["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"])
            {
                yield return Sized($"nearest, sizes, {coordinates}, {rounding}", "nearest", coordinates, [2, 3, 5, 1], rounding) with
                {
                    NoTorchBecause = "libtorch rounds down from asymmetric coordinates alone.",
                    Name = $"nearest, sizes to one column, {coordinates}, {rounding}",
                };
            }
        }

        yield return Scaled("nearest, every axis, asymmetric, floor", "nearest", "asymmetric", [2, 1.5f, 1, 2], "floor") with
        {
            NoTorchBecause = "libtorch resizes no batch and no channels.",
        };
    }

    private static IEnumerable<GradientCase> LinearRows()
    {
        foreach (string coordinates in (string[])["half_pixel", "pytorch_half_pixel", "align_corners"])
        {
            foreach (long[] size in (long[][])[[6, 8], [5, 7], [2, 3], [7, 2]])
            {
                yield return Sized($"linear, sizes {size[0]} x {size[1]}, {coordinates}", "linear", coordinates, [2, 3, .. size]) with
                {
                    Torch = t => [F.interpolate(t[0], size, mode: torch.InterpolationMode.Bilinear, align_corners: coordinates == "align_corners")],
                };
            }

            yield return Scaled($"linear, scales, {coordinates}", "linear", coordinates, [1, 1, 2, 1.5f]) with
            {
                Torch = t => [F.interpolate(t[0], [6, 6], mode: torch.InterpolationMode.Bilinear, align_corners: coordinates == "align_corners")],
            };
        }

        yield return Scaled("linear, scales, asymmetric", "linear", "asymmetric", [1, 1, 2, 1.5f]) with { NoTorchBecause = "libtorch has no asymmetric linear mode." };
        yield return Scaled("linear, scales of two axes", "linear", "half_pixel", [2, 1.5f]) with
        {
            Attributes = [.. Attributes("linear", "half_pixel"), ("axes", AttributeValue.Of(2L, 3L))],
            Torch = t => [F.interpolate(t[0], [6, 6], mode: torch.InterpolationMode.Bilinear, align_corners: false)],
        };
    }

    private static TorchTensor Nearest(TorchTensor x, long[] size, params double[] scales) =>
        scales.Length > 0 ? F.interpolate(x, scale_factor: scales, mode: torch.InterpolationMode.Nearest) : F.interpolate(x, size, mode: torch.InterpolationMode.Nearest);

    private static GradientCase Scaled(string name, string mode, string coordinates, float[] scales, string rounding = "round_prefer_floor") => new(name, "Resize")
    {
        ElementType = ElementType.Float32,
        Inputs = [Image, CaseInput.Absent, CaseInput.Constant(Tensor.Vector(scales))],
        Attributes = [.. Attributes(mode, coordinates, rounding)],
    };

    private static GradientCase Sized(string name, string mode, string coordinates, long[] sizes, string rounding = "round_prefer_floor") => new(name, "Resize")
    {
        ElementType = ElementType.Float32,
        Inputs = [Image, CaseInput.Absent, CaseInput.Absent, CaseInput.Ints(sizes)],
        Attributes = [.. Attributes(mode, coordinates, rounding)],
    };

    private static CaseInput Image => CaseInput.Random(2, 3, 3, 4);

    private static (string Name, AttributeValue Value)[] Attributes(string mode, string coordinates, string rounding = "round_prefer_floor") =>
    [
        ("mode", AttributeValue.Of(mode)),
        ("coordinate_transformation_mode", AttributeValue.Of(coordinates)),
        ("nearest_mode", AttributeValue.Of(rounding)),
    ];
}
