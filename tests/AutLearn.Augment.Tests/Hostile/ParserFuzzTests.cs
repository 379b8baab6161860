using AutLearn.Augment.Images;

namespace AutLearn.Augment.Tests.Hostile;

/// <summary>Damaged images, pipelines, plans and tables are answered as documented.</summary>
[Trait("Category", "Fault")]
public sealed class ParserFuzzTests
{
    public static TheoryData<string> Names => [.. AugmentFuzz.Targets().Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Input_Damaged_IsAnsweredAsDocumented(string name)
    {
        const int cases = 3000;
        Assert.InRange(AugmentFuzz.Targets().Single(t => t.Name == name).Run(firstSeed: 1, cases), 1, cases - 1);
    }

    [Fact]
    public void ImagePipeline_DeepNesting_IsRefused()
    {
        string json = string.Concat(Enumerable.Repeat("{\"op\":\"compose\",\"steps\":[", 100_000));
        Assert.Throws<InvalidDataException>(() => ImagePipeline.FromJson($"{{\"steps\":[{json}"));
    }
}
