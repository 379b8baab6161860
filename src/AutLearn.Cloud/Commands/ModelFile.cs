using AutLearn.Cloud.Data;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;

namespace AutLearn.Cloud.Commands;

/// <summary>Reads the ONNX files that the command line names.</summary>
internal static class ModelFile
{
    /// <summary>Reads a model.</summary>
    /// <exception cref="DataFileException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidModelException">The file is damaged.</exception>
    public static OnnxModel Read(string path)
    {
        if (Directory.Exists(path))
            throw new DataFileException(path, "is a folder, where an ONNX file is needed.");
        if (File.Exists(path) && Path.GetExtension(path).Equals(ArtifactWriter.PackageExtension, StringComparison.OrdinalIgnoreCase))
            throw new DataFileException(path, "is a package that 'compile' wrote, where a plain ONNX file is needed.");
        try
        {
            return OnnxFile.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, e is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist." : $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a model and infers the types of its values.</summary>
    /// <exception cref="DataFileException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidModelException">The file is damaged, or its shapes contradict each other.</exception>
    public static OnnxModel ReadTyped(string path)
    {
        OnnxModel model = Read(path);
        ShapeInference.Infer(model, DeclaredShapes.Hints);
        return model;
    }
}
