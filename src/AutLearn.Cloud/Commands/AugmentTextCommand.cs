using System.CommandLine;
using System.Diagnostics;
using AutLearn.Augment.Text;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Terminal;
using Spectre.Console;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn augment text</c>.</summary>
internal sealed class AugmentTextCommand
{
    private readonly Argument<string> _text = new("text") { Description = "A UTF-8 file of sentences: one a line, or a table (.csv, .tsv), also as .gz." };

    private readonly Option<string> _out = new("--out", "-o") { Description = "The file to write.", HelpName = "file", Required = true };

    private readonly Option<string> _mode = new Option<string>("--mode")
    {
        Description = "default keeps case, punctuation and offsets; reference equals the program that the authors of EDA published.",
        DefaultValueFactory = _ => "default",
    }.OneOf("default", "reference");

    private readonly Option<int?> _count = new Option<int?>("--count", "-n")
    {
        Description = "The most new sentences made from one. Default: what the paper recommends for so many sentences; 9 for the reference.",
        HelpName = "number",
    }.Between(1, 1000);

    private readonly Option<double?> _alpha = new Option<double?>("--alpha")
    {
        Description = "The share of words that each operation changes. Default: as the paper recommends; 0.1 for the reference.",
        HelpName = "fraction",
    }.Between(0, 1);

    private readonly Option<string?> _synonyms = new("--synonyms")
    {
        Description = "A table that 'augment synonyms' compiled, or a .txt or .tsv file of synonym sets, one a line, words separated by tabs. Default: WordNet 3.0.",
        HelpName = "file",
    };

    private readonly Option<bool> _labelled = new("--labelled") { Description = "The sentences have labels (label, tab, sentence; or a column of a table), which stay beside them: label, tab, sentence is written." };

    private readonly SentenceArguments _columns = new();

    private readonly Option<bool> _onlyNew = new("--only-new") { Description = "Leave the original sentences out." };

    private readonly Option<long> _seed = new("--seed") { Description = "Equal seeds give equal sentences.", HelpName = "number", DefaultValueFactory = _ => 1 };

    private readonly ToolConsole _console;

    private AugmentTextCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        var augment = new AugmentTextCommand(console);
        var command = new Command("text", "Write sentences and their augmented forms (EDA, Wei and Zou 2019).")
        {
            augment._text,
            augment._out,
            augment._mode,
            augment._count,
            augment._alpha,
            augment._synonyms,
            augment._labelled,
            augment._columns.Text,
            augment._columns.Label,
            augment._onlyNew,
            augment._seed,
        };
        command.SetAction(augment.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string input = parsed.GetRequiredValue(_text), output = parsed.GetRequiredValue(_out);
        new OutputPaths().File(_out.Name, output);
        var watch = Stopwatch.StartNew();
        SentenceSet set = _columns.Read(parsed, input, parsed.GetValue(_labelled) ? LabelNeed.Needed : LabelNeed.Refused);
        IReadOnlyList<LabelledSentence> sentences = set.Sentences;
        TextAugmentation augmentation = Augmentation(parsed, sentences.Count);
        int written = await _console.TrackAsync(
            "Augmenting",
            sentences.Count,
            report => Task.Run(() => augmentation.Write(sentences, output, done => report(done, ""), cancellationToken), cancellationToken)).ConfigureAwait(false);
        _console.Report(new(set.Description, output, sentences.Count, written, watch.Elapsed.TotalSeconds), ReportJson.Default.AugmentTextReport, Render);
        return ExitCode.Success;
    }

    private TextAugmentation Augmentation(ParseResult parsed, int sentences)
    {
        (double recommended, int count) = Eda.RecommendedStrength(sentences);
        bool isReference = parsed.GetRequiredValue(_mode) == "reference";
        double alpha = parsed.GetValue(_alpha) ?? (isReference ? 0.1 : recommended);
        var options = new EdaOptions
        {
            SynonymReplacement = alpha,
            RandomInsertion = alpha,
            RandomSwap = alpha,
            RandomDeletion = alpha,
            Count = parsed.GetValue(_count) ?? (isReference ? 9 : count),
            Seed = parsed.GetValue(_seed),
            Synonyms = parsed.GetValue(_synonyms) is { } table ? SynonymFile.Open(table) : null,
        };
        SentenceContent content = parsed.GetValue(_onlyNew) ? SentenceContent.OnlyNew : SentenceContent.All;
        if (isReference)
        {
            var reference = new ReferenceEda(options);
            return new((sentence, row) => reference.Augment(sentence, row), content);
        }

        var eda = new Eda(options);
        return new((sentence, row) => eda.Augment(sentence, row), content);
    }

    private static void Render(IAnsiConsole screen, AugmentTextReport report)
    {
        Table facts = ReportTables.Facts();
        facts.AddRow("from", Markup.Escape($"{report.Input}: {Amounts.Count(report.Sentences)} sentences"));
        facts.AddRow("to", Markup.Escape($"{report.Output}: {Amounts.Count(report.Written)} lines"));
        facts.AddRow("time", Amounts.Seconds(report.Seconds));
        screen.Write(facts);
    }
}
