using System.CommandLine;
using AutLearn.Cloud.Data;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;

namespace AutLearn.Cloud.Commands;

/// <summary>Reads the ONNX files that the command line names.</summary>
internal static class ModelFile
{
    /// <summary>Makes the option that lets external data be links into a hub's cache.</summary>
    public static Option<string?> LinksOption() => new("--links-within")
    {
        Description = "The folder, such as a model hub's cache, that links of the model's external data may lead to anywhere within. Default: the model's own folder alone.",
        HelpName = "folder",
    };

    /// <summary>Reads a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="linksWithin">The folder that links of external data may lead to anywhere within; null for the model's own alone.</param>
    /// <exception cref="DataFileException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidModelException">The file is damaged.</exception>
    public static OnnxModel Read(string path, string? linksWithin = null)
    {
        if (Directory.Exists(path))
            throw new DataFileException(path, "is a folder, where an ONNX file is needed.");
        if (File.Exists(path) && Path.GetExtension(path).Equals(ArtifactWriter.PackageExtension, StringComparison.OrdinalIgnoreCase))
            throw new DataFileException(path, "is a package that 'compile' wrote, where a plain ONNX file is needed.");
        try
        {
            return linksWithin is null ? OnnxFile.Read(path) : OnnxFile.Read(path, linksWithin);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a model and infers the types of its values.</summary>
    /// <param name="path">The file.</param>
    /// <param name="linksWithin">As for <see cref="Read"/>.</param>
    /// <exception cref="DataFileException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidModelException">The file is damaged, or its shapes contradict each other.</exception>
    public static OnnxModel ReadTyped(string path, string? linksWithin = null)
    {
        OnnxModel model = Read(path, linksWithin);
        ShapeInference.Infer(model, DeclaredShapes.Hints);
        return model;
    }
}
