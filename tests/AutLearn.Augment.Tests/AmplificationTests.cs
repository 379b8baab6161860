namespace AutLearn.Augment.Tests;

[Trait("Category", "Unit")]
public sealed class AmplificationTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 10)]
    [InlineData(1, 20)]
    public void Choose_Ratio_IsExact(double ratio, int expected)
    {
        int[] chosen = new Amplification(ratio, 3).Choose(20, 1);
        Assert.Equal(expected, chosen.Length);
        Assert.Equal(chosen.Distinct().Order(), chosen);
        Assert.All(chosen, i => Assert.InRange(i, 0, 19));
    }

    [Fact]
    public void Choose_OverEpochs_IsUniform()
    {
        int[] counts = new int[10];
        for (int epoch = 0; epoch < 4000; epoch++)
        {
            foreach (int i in new Amplification(0.3).Choose(10, epoch))
                counts[i]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 1080, 1320));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Ratio_OutOfRange_Throws(double ratio) => Assert.Throws<ArgumentOutOfRangeException>(() => new Amplification(ratio));
}
