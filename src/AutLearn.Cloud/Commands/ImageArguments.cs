using System.Collections.Immutable;
using System.CommandLine;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Commands;

/// <summary>The arguments that name a set of images.</summary>
internal sealed class ImageArguments
{
    private readonly Argument<string> _images = new("images")
    {
        Description = "A folder of images (folder/label/*.jpg, .png, .webp or .bmp), or an IDX file of images (.gz too).",
    };

    private readonly Option<string?> _labels = new("--labels")
    {
        Description = "The IDX file of labels. Default: the file beside the images whose name says 'labels-idx1-ubyte' instead of 'images-idx3-ubyte'.",
        HelpName = "file",
    };

    private readonly Option<string?> _writers = new("--writers")
    {
        Description = "The IDX file of writers, one number an image. Default: the file beside the images whose name says 'writers-idx1-int'.",
        HelpName = "file",
    };

    private readonly Option<int?> _writer = new Option<int?>("--writer")
    {
        Description = "Use the images of this writer only.",
        HelpName = "number",
    }.AtLeast(0);

    public void AddTo(Command command)
    {
        command.Add(_images);
        command.Add(_labels);
        command.Add(_writers);
        command.Add(_writer);
    }

    /// <summary>Opens the images.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="classes">The model's class names; empty where unknown.</param>
    /// <param name="classCount">The number of the model's classes; null where unknown.</param>
    /// <param name="labels">Whether the work needs labels.</param>
    /// <exception cref="UsageException">The arguments do not fit together.</exception>
    /// <exception cref="DataFileException">The data are missing or damaged.</exception>
    public ImageSet Open(ParseResult parsed, ImmutableArray<string> classes, int? classCount, LabelUse labels)
    {
        string path = Path(parsed);
        if (Directory.Exists(path))
        {
            if (parsed.GetValue(_labels) is not null || parsed.GetValue(_writers) is not null || parsed.GetValue(_writer) is not null)
                throw new UsageException("Options --labels, --writers and --writer belong to IDX files; the images are a folder.");
            return labels == LabelUse.Optional && ImageFolder.HoldsImages(path)
                ? ImageFolder.OpenUnlabelled(path, classes)
                : ImageFolder.OpenLabelled(path, classes, classCount);
        }

        if (!File.Exists(path))
            throw new DataFileException(path, "the file does not exist.");
        string? labelsPath = parsed.GetValue(_labels) ?? Sibling(path, "labels-idx1-ubyte");
        if (labelsPath is null && labels == LabelUse.Needed)
            throw new UsageException($"No labels: '{path}' needs --labels.");
        int? writer = parsed.GetValue(_writer);
        string? writersPath = parsed.GetValue(_writers) ?? (writer is null ? null : Sibling(path, "writers-idx1-int"));
        if (writer is not null && writersPath is null)
            throw new UsageException("Option --writer needs --writers.");
        if (classes.IsEmpty && classCount == IdxImages.AlphanumericClasses.Length)
            classes = IdxImages.AlphanumericClasses;
        return IdxImages.Open(path, labelsPath, writersPath, writer, classes, classCount);
    }

    /// <summary>Gets what the user calls the images.</summary>
    public string Path(ParseResult parsed) => parsed.GetRequiredValue(_images);

    /// <summary>Describes the choice for a report.</summary>
    public string Describe(ParseResult parsed) =>
        parsed.GetValue(_writer) is { } writer ? $"{Path(parsed)}, writer {writer}" : Path(parsed);

    private static string? Sibling(string path, string part)
    {
        string sibling = path.Replace("images-idx3-ubyte", part, StringComparison.Ordinal);
        return sibling != path && File.Exists(sibling) ? sibling : null;
    }
}
