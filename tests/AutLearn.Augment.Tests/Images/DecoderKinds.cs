using AutLearn.Augment.Images;
using AutLearn.Augment.Skia;

namespace AutLearn.Augment.Tests.Images;

/// <summary>The decoders by name, for tests that all of them pass.</summary>
internal static class DecoderKinds
{
    public static string[] Names => ["managed", "skia"];

    public static IImageDecoder Of(string name) => name == "skia" ? SkiaImageDecoder.Instance : ManagedImageDecoder.Instance;
}
