using System.CommandLine;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>The options for the training settings that artifacts recommend to the device.</summary>
/// <param name="rateDefault">Where the learning rate comes from if none is given, in words.</param>
/// <param name="epochs">The passes over the data if none are given.</param>
internal sealed class DefaultsArguments(string rateDefault, int epochs)
{
    private readonly Option<double?> _learningRate = new Option<double?>("--learning-rate", "--lr")
    {
        Description = $"The learning rate that the artifacts recommend. Default: {rateDefault}.",
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
        DefaultValueFactory = _ => epochs,
    }.Between(1, 100_000);

    public void AddTo(Command command)
    {
        command.Add(_learningRate);
        command.Add(_batchSize);
        command.Add(_epochs);
    }

    /// <summary>Gets the settings.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="learningRate">The learning rate if none is given.</param>
    public TrainingDefaults Read(ParseResult parsed, double learningRate) =>
        new(parsed.GetValue(_learningRate) ?? learningRate, parsed.GetValue(_batchSize), parsed.GetValue(_epochs));
}
