using System.Reflection;
using AutLearn.Samples.Gallery;
using AutLearn.Samples.Hosting;
using AutLearn.Samples.Keyboard;

namespace AutLearn.Samples.Tests;

/// <summary>The samples are devices: they use what a device carries, and nothing of the cloud.</summary>
[Trait("Category", "Unit")]
public sealed class DependencyTests
{
    // Graph comes with Runtime: it holds the artifact format and the exceptions.
    private static readonly string[] Device = ["AutLearn.Graph", "AutLearn.Runtime", "AutLearn.Cache", "AutLearn.Text", "AutLearn.Augment", "AutLearn.Augment.Skia", "AutLearn.Samples.Hosting"];

    public static TheoryData<string> Samples => [.. new[] { typeof(LocalWebApp), typeof(GalleryApp), typeof(KeyboardApp) }.Select(t => t.Assembly.GetName().Name!)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void References_OfASample_AreWhatADeviceCarries(string name) =>
        Assert.Empty(Assembly.Load(name).GetReferencedAssemblies().Select(r => r.Name!).Where(r => r.StartsWith("AutLearn.", StringComparison.Ordinal)).Except(Device));
}
