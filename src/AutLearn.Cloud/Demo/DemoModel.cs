using System.Reflection;
using AutLearn.Cloud.Data;
using AutLearn.Compiler;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Serialization;

namespace AutLearn.Cloud.Demo;

/// <summary>The small network that comes with the tool: four convolutions and two dense layers, trained on handwriting by this project's own compiler.</summary>
internal static class DemoModel
{
    /// <summary>The size of an image, and the scale that the network was trained with.</summary>
    public static ImagePreprocessing Preprocessing { get; } = new(28, 28, 1, Mean: 0, Std: 255, CropFraction: 1);

    /// <summary>Reads the network.</summary>
    public static OnnxModel Read()
    {
        const string Name = "handwriting.onnx";
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Name)
            ?? throw new AutLearnException($"The tool was built without its demo network '{Name}'.");
        return OnnxFile.Read(stream, Name);
    }

    /// <summary>Gets how the demo compiles the network: the two dense layers learn.</summary>
    public static CompileOptions Options() => new()
    {
        ModelName = "handwriting",
        Trainable = TrainableSelection.LastLayers(2),
        Optimizer = new AdamOptimizer(),
        Preprocessing = Preprocessing,
        Classes = IdxImages.AlphanumericClasses,
        Defaults = new TrainingDefaults(LearningRate: 0.001, BatchSize: 16, Epochs: 10),
    };
}
