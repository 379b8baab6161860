using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Testing.Gradients;

namespace AutLearn.Compiler.Tests.Gradients;

public sealed class ResizeRefusalTests
{
    [Theory]
    [InlineData("mode", "cubic")]
    [InlineData("coordinate_transformation_mode", "tf_crop_and_resize")]
    [InlineData("coordinate_transformation_mode", "half_pixel_symmetric")]
    [InlineData("keep_aspect_ratio_policy", "not_larger")]
    [Trait("Category", "Unit")]
    public void Differentiate_ResizeModeWithoutGradient_NamesIt(string attribute, string value)
    {
        var row = new GradientCase("refused", "Resize")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(1, 1, 3, 4), CaseInput.Absent, CaseInput.Constant(Tensor.Vector(1f, 1f, 2f, 2f))],
            Attributes = [(attribute, AttributeValue.Of(value))],
            NoTorchBecause = "It is refused.",
        };

        UnsupportedGradientException error = Assert.Throws<UnsupportedGradientException>(
            () => GradientModel.Create(row, DimensionStyle.Static, GradientRegistry.CreateDefault()));

        Assert.Contains($"{attribute} '{value}'", error.Message, StringComparison.Ordinal);
    }
}
