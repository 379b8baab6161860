using System.CommandLine;
using AutLearn.Augment.Text;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Synonyms;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn augment synonyms</c>.</summary>
internal sealed class AugmentSynonymsCommand
{
    private readonly Argument<string> _source = new("source")
    {
        Description = "The folder of a WordNet database (data.noun, index.noun, ...), or a UTF-8 file of synonym sets of any language, one a line, words separated by tabs.",
    };

    private readonly Option<string> _out = new("--out", "-o") { Description = "The table to write.", HelpName = "file", Required = true };

    private readonly ToolConsole _console;

    private AugmentSynonymsCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        var synonyms = new AugmentSynonymsCommand(console);
        var command = new Command("synonyms", "Compile synonyms into the compressed table that apps ship.")
        {
            synonyms._source,
            synonyms._out,
        };
        command.SetAction(synonyms.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string source = parsed.GetRequiredValue(_source), output = parsed.GetRequiredValue(_out);
        new OutputPaths().File(_out.Name, output);
        SynonymTable table = Directory.Exists(source) ? FromWordNet(source) : SynonymFile.Open(source);
        using var stream = new MemoryStream();
        SynonymTableFile.Save(table, stream);
        OutputFile.Write(output, stream.ToArray());
        _console.Report(new(source, output, table.Count, stream.Length), ReportJson.Default.AugmentSynonymsReport, Render);
        return ExitCode.Success;
    }

    private static SynonymTable FromWordNet(string folder)
    {
        try
        {
            return WordNetCompiler.Compile(folder);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(folder, e.Message, e);
        }
    }

    private static void Render(IAnsiConsole screen, AugmentSynonymsReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("from", Markup.Escape(report.Source));
        facts.AddRow("to", Markup.Escape($"{report.Output}: {Amounts.Count(report.Words)} words, {Amounts.Bytes(report.Bytes)}"));
        screen.Write(facts);
    }
}
