using System.CommandLine;

namespace AutLearn.Cloud.Commands;

/// <summary>The options of <c>pretrain</c> that say how long to train and where results go.</summary>
internal sealed class PretrainArguments
{
    public Option<string> Out { get; } = new("--out", "-o")
    {
        Description = "Where the trained model goes: one plain ONNX file with the parameters of the epoch of the lowest validation loss, which the report marks *, or of the last epoch where nothing is validated. For text the words go beside it, as .vocabulary.txt.",
        HelpName = "file",
        Required = true,
    };

    public Option<int> Epochs { get; } = new Option<int>("--epochs", "-e")
    {
        Description = "Passes over the training data.",
        HelpName = "number",
        DefaultValueFactory = _ => 10,
    }.Between(1, 100_000);

    public Option<int> BatchSize { get; } = new Option<int>("--batch-size", "-b")
    {
        Description = "Rows of one training step; what is left at the end of an epoch waits for the next.",
        HelpName = "number",
        DefaultValueFactory = _ => 32,
    }.Between(1, 65_536);

    public Option<int> Accumulate { get; } = new Option<int>("--accumulate")
    {
        Description = "Batches that share one update, for steps on more rows than memory allows; the last update of an epoch may share fewer.",
        HelpName = "steps",
        DefaultValueFactory = _ => 1,
    }.Between(1, 1_000_000);

    public Option<double?> ClipNorm { get; } = new Option<double?>("--clip-norm")
    {
        Description = "Scale all gradients down together where their norm is larger.",
        HelpName = "number",
    }.Positive();

    public Option<int> Seed { get; } = new("--seed")
    {
        Description = "Decides fresh weights, the split, the order of rows, and dropout; equal seeds give equal results.",
        HelpName = "number",
        DefaultValueFactory = _ => 1,
    };

    public Option<double> Validation { get; } = new Option<double>("--validation")
    {
        Description = "The share of the data that is only measured on, after each epoch; of text the end. 0 measures nothing.",
        HelpName = "fraction",
        DefaultValueFactory = _ => 0.1,
    }.Between(0, 0.9);

    public Option<int?> Patience { get; } = new Option<int?>("--patience")
    {
        Description = "Stop after this many epochs without a lower validation loss. Default: never.",
        HelpName = "epochs",
    }.AtLeast(1);

    public Option<string?> Checkpoint { get; } = new("--checkpoint")
    {
        Description = "A folder that keeps the training; run the same command again and it goes on from there, to the same bits as without the interruption.",
        HelpName = "folder",
    };

    public Option<long> CheckpointSteps { get; } = new Option<long>("--checkpoint-steps")
    {
        Description = "The steps between two checkpoints inside an epoch.",
        HelpName = "steps",
        DefaultValueFactory = _ => 500,
    }.Between(1, 1_000_000_000);

    public Option<string> Provider { get; } = new Option<string>("--provider")
    {
        Description = "What runs the steps: cpu, or cuda (a build of the tool with ONNX Runtime's GPU package, on a machine with CUDA).",
        DefaultValueFactory = _ => "cpu",
    }.OneOf("cpu", "cuda");

    public Option<int> Threads { get; } = new Option<int>("--threads")
    {
        Description = "Threads that share one operator; 0 takes one per core. Another count may give other last digits.",
        HelpName = "number",
        DefaultValueFactory = _ => 0,
    }.Between(0, 256);

    public Option<string?> Log { get; } = new("--log")
    {
        Description = "Write one line of JSON for each step and epoch.",
        HelpName = "file",
    };

    public Option<string?> Plot { get; } = new("--plot")
    {
        Description = "Draw the losses of training and validation as a PNG.",
        HelpName = "file",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Out, Epochs, BatchSize, Accumulate, ClipNorm, Seed, Validation, Patience, Checkpoint, CheckpointSteps, Provider, Threads, Log, Plot })
            command.Add(option);
    }
}
