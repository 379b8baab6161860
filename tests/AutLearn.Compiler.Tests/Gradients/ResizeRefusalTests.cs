using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Testing.Gradients;

namespace AutLearn.Compiler.Tests.Gradients;

public sealed class ResizeRefusalTests
{
    // Whoever knows the sizes gets a gradient in each of these modes; without them there is no matrix.
    [Theory]
    [InlineData("mode", "cubic")]
    [InlineData("coordinate_transformation_mode", "half_pixel_symmetric")]
    [Trait("Category", "Unit")]
    public void Differentiate_ResizeOfUnknownSizesInThisMode_NamesIt(string attribute, string value)
    {
        var row = new GradientCase("refused", "Resize")
        {
            ElementType = ElementType.Float32,
            Inputs = [CaseInput.Random(1, 1, 3, 4), CaseInput.Absent, CaseInput.Constant(Tensor.Vector(1f, 1f, 2f, 2f))],
            Attributes = [(attribute, AttributeValue.Of(value))],
            NoTorchBecause = "It is refused.",
        };

        UnsupportedGradientException error = Assert.Throws<UnsupportedGradientException>(
            () => GradientModel.Create(row, DimensionStyle.Symbolic, GradientRegistry.CreateDefault()));

        Assert.Contains($"'{value}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("sizes that are not known", error.Message, StringComparison.Ordinal);
    }
}
