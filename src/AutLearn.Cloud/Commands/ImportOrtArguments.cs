using System.Collections.Immutable;
using System.CommandLine;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Importing;
using AutLearn.Compiler;
using AutLearn.Compiler.OrtTraining.Import;

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
    private readonly DefaultsArguments _defaults = new("that of the checkpoint, else 0.001", epochs: 5);

    private readonly Option<string?> _classes = new("--classes")
    {
        Description = $"The names of the classes: {ClassNames.Kinds}.",
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
        _defaults.AddTo(command);
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
        options.Defaults = _defaults.Read(parsed, import.LearningRate);
        options.Classes = parsed.GetValue(_classes) is { } classes ? ClassNames.Read(classes) : ImmutableArray<string>.Empty;
        return options;
    }

    private static Option<string?> Name(string option, string description) => new(option) { Description = description, HelpName = "file" };
}
