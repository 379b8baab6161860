using AutLearn.Augment.Images;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Demo;

namespace AutLearn.Cloud.Tests.Demo;

[Trait("Category", "Unit")]
public sealed class SyntheticWriterTests
{
    [Fact]
    public void Forms_EveryCharacter_HasASchoolbookAndAnOwnForm() =>
        Assert.All(IdxImages.AlphanumericClasses, c => Assert.True(Glyphs.FormsOf(c[0]).Length >= 2, c));

    [Fact]
    public void Write_SameSeed_GivesTheSamePixels()
    {
        ImageSet first = new SyntheticWriter(11).Write(2);
        ImageSet second = new SyntheticWriter(11).Write(2);
        ImageSet other = new SyntheticWriter(12).Write(2);
        for (int i = 0; i < first.Count; i++)
            Assert.Equal(first.Load(i).Pixels.ToArray(), second.Load(i).Pixels.ToArray());
        Assert.NotEqual(first.Load(0).Pixels.ToArray(), other.Load(0).Pixels.ToArray());
    }

    [Fact]
    public void Write_EveryImage_FillsTheTwentyPixelBoxInTheMiddle()
    {
        ImageSet set = new SyntheticWriter(3).Write(2);
        Assert.Equal(124, set.Count);
        for (int i = 0; i < set.Count; i++)
        {
            PixelImage image = set.Load(i);
            Assert.Equal((28, 28), (image.Width, image.Height));
            int[] ink = [.. Enumerable.Range(0, 784).Where(p => (image.Pixels[p] & 255) > 127)];
            int width = ink.Max(p => p % 28) - ink.Min(p => p % 28) + 1;
            int height = ink.Max(p => p / 28) - ink.Min(p => p / 28) + 1;
            Assert.True(Math.Max(width, height) is >= 19 and <= 24, $"{set.NameOf(i)}: {width}x{height}");
            Assert.InRange(ink.Min(), 28 * 2, 784);
        }
    }
}
