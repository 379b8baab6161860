using AutLearn.Samples.Gallery;
using AutLearn.Samples.Hosting;

namespace AutLearn.Samples.Tests;

[Trait("Category", "Unit")]
public sealed class ArgumentTests
{
    [Fact]
    public void Read_WithPairs_FillsTheOptions()
    {
        GalleryOptions options = AppArguments.Read<GalleryOptions>(["--photos", "a b", "--PORT", "0", "--rate", "0.25"], "AUTLEARN_NONE_");
        Assert.Equal(("a b", 0, 0.25, 16), (options.Photos, options.Port, options.Rate, options.Batch));
    }

    [Theory]
    [InlineData("--colour", "red", "--colour")]
    [InlineData("--port", "many", "options cannot be read")]
    public void Read_WithWhatItCannotUse_SaysSo(string name, string value, string expected)
    {
        Exception error = Assert.ThrowsAny<AutLearnException>(() => AppArguments.Read<GalleryOptions>([name, value], "AUTLEARN_NONE_"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
