using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using F = TorchSharp.torch.nn.functional;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Sampling by grids, and resampling modes that need known sizes.</summary>
internal static class SamplingCases
{
    public static IEnumerable<GradientCase> Rows => [.. GridRows(), .. AffineRows(), .. ResizeRows()];

    private static IEnumerable<GradientCase> GridRows()
    {
        foreach (bool aligned in (bool[])[false, true])
        {
            foreach (string padding in (string[])["zeros", "border", "reflection"])
            {
                foreach (string mode in (string[])["linear", "nearest", "cubic"])
                    yield return Grid($"{mode}, {padding}, aligned {aligned}", mode, padding, aligned, [2, 3, 4, 5], [2, 3, 2, 2]);
            }

            yield return Grid($"volume, aligned {aligned}", "linear", "border", aligned, [2, 2, 3, 4, 3], [2, 2, 3, 2, 3]);
        }
    }

    // Points within and a little outside the image
    private static GradientCase Grid(string name, string mode, string padding, bool aligned, long[] image, long[] grid) => new(name, "GridSample")
    {
        Opset = 20,
        ElementType = ElementType.Float32,
        Inputs = [CaseInput.Random(image) with { SymbolicAxes = [0, 2, 3] }, CaseInput.Random(Draws.Uniform(-1.2, 1.2), grid) with { SymbolicAxes = [0, 1, 2] }],
        Attributes = [("mode", AttributeValue.Of(mode)), ("padding_mode", AttributeValue.Of(padding)), ("align_corners", AttributeValue.Of(aligned ? 1L : 0L))],
        Torch = mode == "cubic" ? null : t => [F.grid_sample(
            t[0],
            t[1],
            mode == "nearest" ? torch.GridSampleMode.Nearest : torch.GridSampleMode.Bilinear,
            padding switch { "border" => torch.GridSamplePaddingMode.Border, "reflection" => torch.GridSamplePaddingMode.Reflection, _ => torch.GridSamplePaddingMode.Zeros },
            aligned)],
        NoTorchBecause = mode == "cubic" ? "TorchSharp offers no cubic mode." : null,
        NoDifferencesBecause = mode == "cubic" ? null : "Random points lie near the edges of elements, where the slope jumps.",
    };

    private static IEnumerable<GradientCase> AffineRows()
    {
        foreach (bool aligned in (bool[])[false, true])
        {
            yield return Affine($"image, aligned {aligned}", aligned, [2, 2, 3], [2, 3, 4, 5]);
            yield return Affine($"volume, aligned {aligned}", aligned, [2, 3, 4], [2, 1, 3, 2, 4]);
        }
    }

    private static GradientCase Affine(string name, bool aligned, long[] theta, long[] size) => new(name, "AffineGrid")
    {
        Opset = 20,
        ElementType = ElementType.Float32,
        Inputs = [CaseInput.Random(theta) with { SymbolicAxes = [0] }, CaseInput.Ints(size)],
        Attributes = [("align_corners", AttributeValue.Of(aligned ? 1L : 0L))],
        Torch = t => [F.affine_grid(t[0], size, aligned)],
    };

    private static IEnumerable<GradientCase> ResizeRows()
    {
        yield return Resize("cubic, larger", [2, 3, 5, 7], [], t => [F.interpolate(t[0], [5, 7], mode: torch.InterpolationMode.Bicubic, align_corners: false)], ("mode", AttributeValue.Of("cubic")));
        yield return Resize("cubic, aligned", [2, 3, 6, 9], [], t => [F.interpolate(t[0], [6, 9], mode: torch.InterpolationMode.Bicubic, align_corners: true)], ("mode", AttributeValue.Of("cubic")), ("coordinate_transformation_mode", AttributeValue.Of("align_corners")));
        yield return Resize("cubic, smoothed", [2, 3, 2, 3], [], null, ("mode", AttributeValue.Of("cubic")), ("antialias", AttributeValue.Of(1L)), ("cubic_coeff_a", AttributeValue.Of(-0.5f)));
        yield return Resize("linear, smoothed", [2, 3, 2, 3], [], null, ("mode", AttributeValue.Of("linear")), ("antialias", AttributeValue.Of(1L)));
        yield return Resize("cubic, nothing from outside", [2, 3, 5, 7], [], null, ("mode", AttributeValue.Of("cubic")), ("exclude_outside", AttributeValue.Of(1L)));
        yield return Resize("linear, symmetric", [2, 3, 5, 7], [], null, ("mode", AttributeValue.Of("linear")), ("coordinate_transformation_mode", AttributeValue.Of("half_pixel_symmetric")));
        yield return Resize("linear, cropped", [2, 3, 3, 3], [0, 0, 0.2f, 0.3f, 1, 1, 0.7f, 1.4f], null, ("mode", AttributeValue.Of("linear")), ("coordinate_transformation_mode", AttributeValue.Of("tf_crop_and_resize")));
        foreach (string policy in (string[])["not_larger", "not_smaller"])
        {
            yield return Resize($"linear, {policy}", [9, 10], [], null, ("mode", AttributeValue.Of("linear")), ("keep_aspect_ratio_policy", AttributeValue.Of(policy)), ("axes", AttributeValue.Of(2L, 3L)));
            yield return Resize($"nearest, {policy}", [9, 10], [], null, ("mode", AttributeValue.Of("nearest")), ("keep_aspect_ratio_policy", AttributeValue.Of(policy)), ("axes", AttributeValue.Of(2L, 3L)));
        }
    }

    private static GradientCase Resize(string name, long[] sizes, float[] region, Func<torch.Tensor[], torch.Tensor[]>? reference, params (string Name, AttributeValue Value)[] attributes) => new(name, "Resize")
    {
        ElementType = ElementType.Float32,
        Inputs = [CaseInput.Random(2, 3, 4, 5) with { SymbolicAxes = [] }, region.Length == 0 ? CaseInput.Absent : CaseInput.Constant(Graph.Tensor.Vector<float>(region)), CaseInput.Absent, CaseInput.Ints(sizes)],
        Attributes = [.. attributes],
        Torch = reference,
        NoTorchBecause = reference is null ? "TorchSharp offers no such mode." : null,
    };
}
