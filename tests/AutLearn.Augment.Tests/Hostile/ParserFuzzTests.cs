using System.Text;
using AutLearn.Augment.Images;
using AutLearn.Testing.Hostile;

namespace AutLearn.Augment.Tests.Hostile;

/// <summary>Damaged pipelines, plans and tables are answered as documented.</summary>
[Trait("Category", "Fault")]
public sealed class ParserFuzzTests
{
    [Fact]
    public void ImagePipeline_DamagedJson_RaisesInvalidDataOnly()
    {
        byte[][] sound = [Encoding.UTF8.GetBytes(ImagePresets.Handwriting(3).ToJson()), Encoding.UTF8.GetBytes(ImagePresets.Handwriting(0).ToJson().Replace("\"op\"", "null,\"op\"", StringComparison.Ordinal))];
        Fuzz(sound, b => ImagePipeline.FromJson(Encoding.UTF8.GetString(b)));
    }

    [Fact]
    public void ImagePipeline_DeepNesting_IsRefused()
    {
        string json = string.Concat(Enumerable.Repeat("{\"op\":\"compose\",\"steps\":[", 100_000));
        Assert.Throws<InvalidDataException>(() => ImagePipeline.FromJson($"{{\"steps\":[{json}"));
    }

    [Fact]
    public void ImagePlan_DamagedJson_RaisesInvalidDataOnly() =>
        Fuzz([Encoding.UTF8.GetBytes(new ImagePlan(AffineTransform.Identity, default, 1, 5, [new(0, 0, 2, 2)]).ToJson())], b => ImagePlan.FromJson(Encoding.UTF8.GetString(b)));

    private static void Fuzz(byte[][] sound, Func<byte[], object?> parse) =>
        ParserFuzz.Run(sound, parse, e => e is InvalidDataException, firstSeed: 1, cases: 4000);
}
