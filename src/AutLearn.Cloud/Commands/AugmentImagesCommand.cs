using System.CommandLine;
using System.Diagnostics;
using AutLearn.Augment.Images;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn augment images</c>.</summary>
internal sealed class AugmentImagesCommand
{
    private readonly ImageArguments _images = new();

    private readonly Option<string> _out = new("--out", "-o") { Description = "The contact sheet: one PNG file for all images, such as sheet.png.", HelpName = "file", Required = true };

    private readonly Option<string> _preset = new Option<string>("--preset")
    {
        Description = "Which changes are made: those for photos, or those for handwriting (no mirrors).",
        DefaultValueFactory = _ => "photos",
    }.OneOf("photos", "handwriting");

    private readonly Option<string?> _pipeline = new("--pipeline")
    {
        Description = "A JSON file that ImagePipeline.ToJson wrote, instead of a preset.",
        HelpName = "file",
    };

    private readonly Option<int> _rows = new Option<int>("--rows")
    {
        Description = "The most images; evenly spread over all.",
        HelpName = "number",
        DefaultValueFactory = _ => 8,
    }.Between(1, 200);

    private readonly Option<int> _variants = new Option<int>("--variants")
    {
        Description = "Augmented forms of each image, to the right of the original.",
        HelpName = "number",
        DefaultValueFactory = _ => 7,
    }.Between(1, 50);

    private readonly Option<int> _side = new Option<int>("--side")
    {
        Description = "The side of one picture, in pixels.",
        HelpName = "number",
        DefaultValueFactory = _ => 128,
    }.Between(8, 1024);

    private readonly Option<long> _seed = new("--seed") { Description = "Equal seeds give equal pictures.", HelpName = "number", DefaultValueFactory = _ => 1 };

    private readonly ToolConsole _console;

    private AugmentImagesCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        var augment = new AugmentImagesCommand(console);
        var command = new Command("images", "Write a contact sheet: each image and its augmented forms in one row.");
        augment._images.AddTo(command);
        command.Add(augment._out);
        command.Add(augment._preset);
        command.Add(augment._pipeline);
        command.Add(augment._rows);
        command.Add(augment._variants);
        command.Add(augment._side);
        command.Add(augment._seed);
        command.SetAction(augment.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        new OutputPaths().Png(_out.Name, parsed.GetRequiredValue(_out), out string? png);
        string output = png!;
        var watch = Stopwatch.StartNew();
        ImageSet images = _images.Open(parsed, [], null, LabelUse.Optional);
        (images, _) = await _images.Data.CheckAsync(parsed, images, 2 * parsed.GetValue(_side), _console, cancellationToken).ConfigureAwait(false);
        int rows = Math.Min(parsed.GetValue(_rows), images.Count);
        int[] chosen = [.. Enumerable.Range(0, rows).Select(i => (int)((long)i * images.Count / rows))];
        var sheet = new ContactSheet(Pipeline(parsed), parsed.GetValue(_side), parsed.GetValue(_variants));
        await _console.TrackAsync(
            "Drawing",
            rows,
            report => Task.Run(
                () =>
                {
                    ContactSheet.Save(sheet.Render(images.Pick(chosen), done => report(done, ""), cancellationToken), output);
                    return rows;
                },
                cancellationToken)).ConfigureAwait(false);
        _console.Report(
            new(_images.Describe(parsed), output, rows, parsed.GetValue(_variants), watch.Elapsed.TotalSeconds),
            ReportJson.Default.AugmentImagesReport,
            Render);
        return ExitCode.Success;
    }

    private ImagePipeline Pipeline(ParseResult parsed)
    {
        long seed = parsed.GetValue(_seed);
        if (parsed.GetValue(_pipeline) is not { } file)
            return parsed.GetRequiredValue(_preset) == "handwriting" ? ImagePresets.Handwriting(seed) : ImagePresets.Photos(seed);
        try
        {
            using var reader = new StreamReader(RegularFile.OpenRead(file));
            return new(ImagePipeline.FromJson(reader.ReadToEnd()).Options with { Seed = seed });
        }
        catch (InvalidDataException e)
        {
            throw new DataFileException(file, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(file, $"cannot be read: {e.Message}", e);
        }
    }

    private static void Render(IAnsiConsole screen, AugmentImagesReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("from", Markup.Escape(report.Images));
        facts.AddRow("to", Markup.Escape($"{report.Output}: {report.Rows} images, each with {report.Variants} augmented forms"));
        facts.AddRow("time", Amounts.Seconds(report.Seconds));
        screen.Write(facts);
    }
}
