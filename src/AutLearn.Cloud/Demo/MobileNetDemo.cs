using System.Collections.Immutable;
using AutLearn.Cloud.Data;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Demo;

/// <summary>The demo on real data: an ImageNet MobileNet that learns to read handwriting.</summary>
internal static class MobileNetDemo
{
    private const int HeadSeed = 62;

    /// <summary>Gets where the network lies in the data folder.</summary>
    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, "mobilenet", "mobilenet_v1_0.75_224.onnx");

    /// <summary>Gives the network a fresh head for 62 characters.</summary>
    public static void ReplaceHead(OnnxModel model) => HeadReplacement.Replace(model, IdxImages.AlphanumericClasses.Length, HeadSeed);

    /// <summary>Gets how the demo compiles the network: the new head learns.</summary>
    public static CompileOptions Options() => new()
    {
        ModelName = "mobilenet-handwriting",
        Trainable = TrainableSelection.LastLayers(1),
        Optimizer = new AdamOptimizer(),

        // Ink is white on black in the files; photos of ink are dark on white: (255 - p - 127.5) / 127.5 = (p - 127.5) / -127.5.
        Preprocessing = new ImagePreprocessing(224, 224, 3, Mean: 127.5f, Std: -127.5f, CropFraction: 1),
        Classes = IdxImages.AlphanumericClasses,
        Defaults = new TrainingDefaults(LearningRate: 0.003, BatchSize: 16, Epochs: 20),
    };

    /// <summary>Opens the images of one writer, and a seeded choice of images of all others.</summary>
    /// <param name="dataFolder">The data folder.</param>
    /// <param name="writer">The writer.</param>
    /// <param name="otherImages">How many images of others to choose.</param>
    /// <exception cref="DataFileException">The data are missing or damaged, or the writer has no image.</exception>
    public static (ImageSet Writer, ImageSet Others) OpenImages(string dataFolder, int writer, int otherImages)
    {
        string folder = Path.Combine(dataFolder, "handwriting");
        string images = Path.Combine(folder, "unipen62-images-idx3-ubyte.gz");
        string labels = Path.Combine(folder, "unipen62-labels-idx1-ubyte.gz");
        string writers = Path.Combine(folder, "unipen62-writers-idx1-int.gz");
        ImageSet all = IdxImages.Open(images, labels, null, new() { Classes = IdxImages.AlphanumericClasses });
        int[] ids = IdxImages.OpenWriters(writers);
        ImmutableArray<int> own = [.. Enumerable.Range(0, ids.Length).Where(r => ids[r] == writer)];
        if (own.IsEmpty)
            throw new DataFileException(writers, $"has no image of writer {writer}.");
        int[] others = [.. Enumerable.Range(0, ids.Length).Where(r => ids[r] != writer)];
        new Random(HeadSeed).Shuffle(others);
        return (all.Pick(own), all.Pick([.. others.Take(otherImages)]));
    }
}
