using System.Collections.Immutable;
using System.CommandLine;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that say how labelled images are read, shared by all commands that read them.</summary>
internal sealed class ImageDataArguments
{
    /// <summary>What images may be, in words.</summary>
    public const string Kinds = "a folder of images (folder/label/*.jpg, or folder/train/label and folder/test/label), a CSV or TSV file with columns file and label, or an IDX file of images (.gz too)";

    private readonly Option<string?> _labels = new("--labels")
    {
        Description = $"The IDX file of labels. Default: {IdxNames.Rule}.",
        HelpName = "file",
    };

    private readonly Option<int?> _firstLabel = new Option<int?>("--first-label")
    {
        Description = "IDX: the label of the first class; 1 for EMNIST's letters. Default: 0.",
        HelpName = "number",
    }.Between(-1_000_000, 1_000_000);

    private readonly Option<bool> _transposed = new("--transposed") { Description = "IDX: exchange rows and columns of each image, as EMNIST stores them." };

    private readonly Option<string> _match = new Option<string>("--match")
    {
        Description = "How the classes of folders and tables are the model's: by name, or, where a person knows that they stand in the same order, by position.",
        DefaultValueFactory = _ => "name",
    }.OneOf("name", "position");

    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave images out that cannot be decoded, and report them, instead of ending with an error." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _labels, _firstLabel, _transposed, _match, _skipBad })
            command.Add(option);
    }

    /// <summary>Tells whether images that cannot be decoded are left out.</summary>
    public bool SkipsBad(ParseResult parsed) => parsed.GetValue(_skipBad);

    /// <summary>Tells whether a first label is given.</summary>
    public bool SaysFirstLabel(ParseResult parsed) => parsed.GetValue(_firstLabel) is not null;

    /// <summary>Opens images.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">The images.</param>
    /// <param name="classes">The model's class names; empty where unknown.</param>
    /// <param name="classCount">The number of the model's classes; null where unknown.</param>
    /// <param name="labels">Whether the work needs labels.</param>
    /// <param name="writer">The only writer of IDX files to keep; null for all.</param>
    /// <param name="writers">The IDX file of writers; null where there is none.</param>
    /// <exception cref="UsageException">The arguments do not fit together.</exception>
    /// <exception cref="DataFileException">The data are missing or damaged.</exception>
    public ImageSet Open(ParseResult parsed, string path, ImmutableArray<string> classes, int? classCount, LabelUse labels, int? writer = null, string? writers = null)
    {
        ClassMatch match = parsed.GetRequiredValue(_match) == "position" ? ClassMatch.Position : ClassMatch.Name;
        bool isFolder = Directory.Exists(path);
        if (isFolder || DelimitedFile.IsTable(path))
        {
            if (parsed.GetValue(_labels) is not null || parsed.GetValue(_transposed) || SaysFirstLabel(parsed) || writer is not null || writers is not null)
                throw new UsageException($"Options --labels, --first-label, --transposed, --writers and --writer belong to IDX files; the images are a {(isFolder ? "folder" : "table")}.");
            return !isFolder ? ImageTable.Open(path, classes, classCount, match)
                : labels == LabelUse.Optional && !ImageFolder.IsLabelled(path) ? ImageFolder.OpenUnlabelled(path, classes)
                : ImageFolder.OpenLabelled(path, classes, classCount, match);
        }

        if (!File.Exists(path))
            throw new DataFileException(path, "the file does not exist.");
        string? labelsPath = parsed.GetValue(_labels) ?? IdxNames.Labels(path);
        if (labelsPath is null && labels == LabelUse.Needed)
            throw new UsageException($"No labels: '{path}' needs --labels.");
        if (classes.IsEmpty && classCount == IdxImages.AlphanumericClasses.Length)
            classes = IdxImages.AlphanumericClasses;
        return IdxImages.Open(path, labelsPath, writers, new()
        {
            Classes = classes,
            ClassCount = classCount,
            FirstLabel = parsed.GetValue(_firstLabel),
            IsTransposed = parsed.GetValue(_transposed),
            Writer = writer,
        });
    }

    /// <summary>Gets the files that the images' hash is taken of.</summary>
    public string[] Files(ParseResult parsed, string path) =>
        Directory.Exists(path) || DelimitedFile.IsTable(path) ? [path] : [path, .. (parsed.GetValue(_labels) ?? IdxNames.Labels(path)) is { } labels ? [labels] : Array.Empty<string>()];

    /// <summary>Leaves out what cannot be decoded, where the command line says so.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="images">The images.</param>
    /// <param name="minSide">What they will be decoded at.</param>
    /// <param name="console">Shows progress.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<(ImageSet Good, ImmutableArray<SkippedImage> Skipped)> CheckAsync(ParseResult parsed, ImageSet images, int minSide, ToolConsole console, CancellationToken cancellationToken) =>
        SkipsBad(parsed)
            ? await console.TrackAsync("Checking images", images.Count, report => Task.Run(() => ImageCheck.Run(images, minSide, done => report(done, ""), cancellationToken), cancellationToken)).ConfigureAwait(false)
            : (images, []);
}
