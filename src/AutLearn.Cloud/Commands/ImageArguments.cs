using System.Collections.Immutable;
using System.CommandLine;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Commands;

/// <summary>The arguments that name a set of images.</summary>
internal sealed class ImageArguments
{
    private readonly Argument<string> _images = new("images") { Description = $"{char.ToUpperInvariant(ImageDataArguments.Kinds[0])}{ImageDataArguments.Kinds[1..]}. For a model that carries a tokenizer a text file: .txt, .csv or .tsv, also as .gz." };

    private readonly Option<string?> _writers = new("--writers")
    {
        Description = "The IDX file of writers, one number an image. Default: the file beside the images whose name says 'writers' and 'idx1-int'.",
        HelpName = "file",
    };

    private readonly Option<int?> _writer = new Option<int?>("--writer")
    {
        Description = "Use the images of this writer only.",
        HelpName = "number",
    }.AtLeast(0);

    /// <summary>Gets the options that all commands on images share.</summary>
    public ImageDataArguments Data { get; } = new();

    public void AddTo(Command command)
    {
        command.Add(_images);
        Data.AddTo(command);
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
        int? writer = parsed.GetValue(_writer);
        string? writers = parsed.GetValue(_writers) ?? (writer is null ? null : IdxNames.Writers(path));
        if (writer is not null && writers is null && File.Exists(path) && !DelimitedFile.IsTable(path))
            throw new UsageException("Option --writer needs --writers.");
        return Data.Open(parsed, path, classes, classCount, labels, writer, writers);
    }

    /// <summary>Gets what the user calls the images.</summary>
    public string Path(ParseResult parsed) => parsed.GetRequiredValue(_images);

    /// <summary>Describes the choice for a report.</summary>
    public string Describe(ParseResult parsed) =>
        parsed.GetValue(_writer) is { } writer ? $"{Path(parsed)}, writer {writer}" : Path(parsed);
}
