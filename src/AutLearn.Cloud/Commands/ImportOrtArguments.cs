using System.Collections.Immutable;
using System.CommandLine;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Importing;
using AutLearn.Compiler;
using AutLearn.Compiler.OrtTraining.Import;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that say how to take an official set over.</summary>
internal sealed class ImportOrtArguments
{
    private readonly Option<string?> _evaluation = Name("--eval-model", "The evaluation model, where it is not called eval_model.onnx.");
    private readonly Option<string?> _optimizer = Name("--optimizer-model", "The optimizer model, where it is not called optimizer_model.onnx.");
    private readonly Option<string?> _checkpoint = Name("--checkpoint", "The checkpoint, where it is not called checkpoint: also one that an app has saved.");
    private readonly Option<string?> _training = Name("--training-model", "The training model, where it is not called training_model.onnx.");

    private readonly Option<string?> _model = new("--model")
    {
        Description = "For a nominal checkpoint, which holds names but no parameters: the ONNX model that the set was made from.",
        HelpName = "file",
    };

    private readonly Option<string?> _scores = new("--scores")
    {
        Description = "The value that the loss reads, where the loss is none that is recognised.",
        HelpName = "name",
    };

    private readonly LossArguments _loss = new();

    private readonly Option<double?> _learningRate = new Option<double?>("--learning-rate", "--lr")
    {
        Description = "The learning rate that the artifacts recommend. Default: that of the checkpoint, else 0.001.",
        HelpName = "number",
    }.Between(1e-12, 1);

    private readonly Option<int> _batchSize = new Option<int>("--batch-size", "-b")
    {
        Description = "The samples in a step that the artifacts recommend.",
        HelpName = "number",
        DefaultValueFactory = _ => 16,
    }.Between(1, 65_536);

    private readonly Option<int> _epochs = new Option<int>("--epochs", "-e")
    {
        Description = "The passes over the data that the artifacts recommend.",
        HelpName = "number",
        DefaultValueFactory = _ => 5,
    }.Between(1, 100_000);

    private readonly Option<string?> _classes = new("--classes")
    {
        Description = "A file of class names, one a line; of a .tsv file the last column, below a header line.",
        HelpName = "file",
    };

    public void AddTo(Command command)
    {
        command.Add(_evaluation);
        command.Add(_optimizer);
        command.Add(_checkpoint);
        command.Add(_training);
        command.Add(_model);
        command.Add(_scores);
        _loss.AddTo(command);
        command.Add(_learningRate);
        command.Add(_batchSize);
        command.Add(_epochs);
        command.Add(_classes);
    }

    /// <summary>Gets the names of the set's files.</summary>
    public OfficialSetNames Names(ParseResult parsed) =>
        new(parsed.GetValue(_evaluation), parsed.GetValue(_optimizer), parsed.GetValue(_checkpoint), parsed.GetValue(_training));

    /// <summary>Gets the model that a nominal checkpoint belongs to; null where none is given.</summary>
    public string? Model(ParseResult parsed) => parsed.GetValue(_model);

    /// <summary>Gets what the set does not tell.</summary>
    public OrtImportOptions Import(ParseResult parsed) => new()
    {
        ScoresName = parsed.GetValue(_scores),
        Loss = _loss.IsGiven(parsed) ? _loss.Read(parsed) : null,
    };

    /// <summary>Gets the options that compile what was imported.</summary>
    public CompileOptions Compile(ParseResult parsed, OrtTrainingImport import, string modelName)
    {
        CompileOptions options = import.ToCompileOptions(modelName);
        options.Defaults = new TrainingDefaults(parsed.GetValue(_learningRate) ?? import.LearningRate, parsed.GetValue(_batchSize), parsed.GetValue(_epochs));
        options.Classes = parsed.GetValue(_classes) is { } classes ? ClassNames.Read(classes) : ImmutableArray<string>.Empty;
        return options;
    }

    private static Option<string?> Name(string option, string description) => new(option) { Description = description, HelpName = "file" };
}
