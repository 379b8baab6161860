using System.Collections.Immutable;
using System.CommandLine;
using AutLearn.Cloud.Augmentation;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Personalization;
using AutLearn.Cloud.Reports;
using AutLearn.Cloud.Sentences;
using AutLearn.Cloud.Tables;
using AutLearn.Cloud.Terminal;
using AutLearn.Cloud.Texts;
using AutLearn.Runtime;

namespace AutLearn.Cloud.Commands;

/// <summary><c>autlearn personalize</c>.</summary>
internal static class PersonalizeCommand
{
    public static Command Create(ToolConsole console)
    {
        var artifacts = new Argument<string>("artifacts") { Description = "Compiled artifacts: a folder or .autlearn file that 'compile' wrote." };
        var export = new Option<string?>("--export")
        {
            Description = "Write the personal model as one plain ONNX file.",
            HelpName = "file",
        };
        var save = new Option<string?>("--save-state")
        {
            Description = "Save parameters and optimizer state, so that training can go on later.",
            HelpName = "file",
        };
        var load = new Option<string?>("--load-state")
        {
            Description = "Go on from what --save-state saved.",
            HelpName = "file",
        };
        var images = new ImageArguments();
        var sentences = new SentenceArguments();
        var training = new TrainingArguments();
        var command = new Command(
            "personalize",
            "Fine-tune compiled artifacts on one person's labelled images, or texts where they carry a tokenizer, or a table where they know its columns, as the device would, and measure them on what is held out before and after. The part that stays frozen runs once for every row; all epochs train on its output.")
        {
            artifacts,
        };
        images.AddTo(command);
        command.Add(sentences.Text);
        command.Add(sentences.Label);
        training.AddTo(command);
        command.Add(export);
        command.Add(save);
        command.Add(load);
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(artifacts);
            new OutputPaths().File(export.Name, parsed.GetValue(export)).File(save.Name, parsed.GetValue(save));
            using PersonalModel model = PersonalModel.Open(path);
            if (parsed.GetValue(load) is { } from)
                model.LoadState(from);
            if (model.Manifest.Text is not null)
            {
                TextModel text = TextModel.Of(model);
                SentenceSet texts = sentences.Read(parsed, images.Path(parsed), text.IsLanguageModel ? LabelNeed.Ignored : LabelNeed.Needed);
                PersonalizeTextReport said = await TextSessions.PersonalizeAsync(text, path, texts, SizeOf(path), training.Read(parsed, model.Manifest.Defaults), console, cancellation).ConfigureAwait(false);
                Save(parsed, model);
                console.Report(said with { Exported = parsed.GetValue(export), SavedState = parsed.GetValue(save) }, ReportJson.Default.PersonalizeTextReport, TextReportView.Render);
                return ExitCode.Success;
            }

            sentences.Refuse(parsed);
            if (model.Manifest.Table is not null)
            {
                var numbers = new TableModel(model);
                PersonalizeTableReport told = await TableSessions.PersonalizeAsync(
                    numbers, path, numbers.Read(images.Path(parsed), areTargetsNeeded: true, images.Data.SkipsBad(parsed)), SizeOf(path), training.Read(parsed, model.Manifest.Defaults), console, cancellation).ConfigureAwait(false);
                Save(parsed, model);
                console.Report(told with { Exported = parsed.GetValue(export), SavedState = parsed.GetValue(save) }, ReportJson.Default.PersonalizeTableReport, TableReportView.Render);
                return ExitCode.Success;
            }

            ImageSet all = images.Open(parsed, model.Manifest.Classes, ClassCount.Of(model.Manifest), LabelUse.Needed);
            (ImageSet set, ImmutableArray<SkippedImage> skipped) = await images.Data.CheckAsync(parsed, all, new Personalizer(model).Tensorizer.SufficientSide, console, cancellation).ConfigureAwait(false);
            PersonalizeReport report = await PersonalizationSession.RunAsync(
                model, path, set, images.Describe(parsed), SizeOf(path), training.Read(parsed, model.Manifest.Defaults), console, cancellation).ConfigureAwait(false);
            Save(parsed, model);
            report = report with { Exported = parsed.GetValue(export), SavedState = parsed.GetValue(save), LeftOut = DataReport.Of(set, skipped) };
            console.Report(report, ReportJson.Default.PersonalizeReport, PersonalizeReportView.Render);
            return ExitCode.Success;
        });
        return command;

        void Save(ParseResult parsed, PersonalModel model)
        {
            if (parsed.GetValue(save) is { } state)
                OutputFile.Save(state, p => model.SaveState(p));
            if (parsed.GetValue(export) is { } file)
                OutputFile.Save(file, model.Export);
        }
    }

    private static long SizeOf(string path) =>
        File.Exists(path) ? new FileInfo(path).Length : new DirectoryInfo(path).EnumerateFiles().Sum(f => f.Length);
}
