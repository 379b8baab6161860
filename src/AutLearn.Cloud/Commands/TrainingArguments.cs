using System.CommandLine;
using AutLearn.Cloud.Personalization;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that say how to train.</summary>
internal sealed class TrainingArguments
{
    private readonly Option<int?> _epochs = new Option<int?>("--epochs", "-e")
    {
        Description = "Passes over the training images. Default: what the artifacts recommend.",
        HelpName = "number",
    }.Between(1, 100_000);

    private readonly Option<double?> _learningRate = new Option<double?>("--learning-rate", "--lr")
    {
        Description = "The learning rate. Default: what the artifacts recommend.",
        HelpName = "number",
    }.Positive();

    private readonly Option<int?> _batchSize = new Option<int?>("--batch-size", "-b")
    {
        Description = "Images in a training step. Default: what the artifacts recommend.",
        HelpName = "number",
    }.Between(1, 65_536);

    private readonly Option<int> _seed = new("--seed")
    {
        Description = "Decides the split and the order of the images; equal seeds give equal results.",
        HelpName = "number",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<double> _holdOut = new Option<double>("--hold-out")
    {
        Description = "The share of the images that is never trained on and that the accuracy is measured with.",
        HelpName = "fraction",
        DefaultValueFactory = _ => 0.3,
    }.Between(0.01, 0.99);

    public void AddTo(Command command)
    {
        command.Add(_epochs);
        command.Add(_learningRate);
        command.Add(_batchSize);
        command.Add(_seed);
        command.Add(_holdOut);
    }

    /// <summary>Fills what the command line leaves open from the artifacts' recommendation.</summary>
    public PersonalizationSettings Read(ParseResult parsed, TrainingDefaults defaults) => new(
        parsed.GetValue(_epochs) ?? defaults.Epochs,
        parsed.GetValue(_batchSize) ?? defaults.BatchSize,
        parsed.GetValue(_learningRate) ?? defaults.LearningRate,
        parsed.GetValue(_seed),
        parsed.GetValue(_holdOut));
}
