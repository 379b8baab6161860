using System.CommandLine;
using AutLearn.Cloud.Augmentation;
using AutLearn.Compiler;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>Where device artifacts go: a folder, or one file where the name ends as packages do.</summary>
internal sealed class ArtifactOutput
{
    private ArtifactOutput(string path)
    {
        Path = path;
        IsPackage = System.IO.Path.GetExtension(path).Equals(ArtifactWriter.PackageExtension, StringComparison.OrdinalIgnoreCase);
    }

    public string Path { get; }

    public bool IsPackage { get; }

    /// <summary>Makes the option that names the place.</summary>
    public static Option<string> Option() => new("--out", "-o")
    {
        Description = $"Where the device artifacts go: a folder, or one file if the name ends in {ArtifactWriter.PackageExtension}.",
        HelpName = "path",
        Required = true,
    };

    /// <summary>Reads the place.</summary>
    public static ArtifactOutput Read(ParseResult parsed, Option<string> option) => new(parsed.GetRequiredValue(option));

    /// <summary>Tries whether it can be written.</summary>
    /// <inheritdoc cref="OutputPaths.File" path="/exception"/>
    public void Try(OutputPaths outputs, Option<string> option) => _ = IsPackage ? outputs.File(option.Name, Path) : outputs.Folder(option.Name, Path);

    /// <summary>Writes the artifacts.</summary>
    /// <inheritdoc cref="OutputFile.Save" path="/exception"/>
    public void Save(CompiledArtifacts artifacts) => OutputFile.Save(Path, IsPackage ? artifacts.SavePackage : artifacts.Save);
}
