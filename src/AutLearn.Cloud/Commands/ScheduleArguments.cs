using System.CommandLine;
using AutLearn.Cloud.Terminal;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that choose the learning rate of each step.</summary>
internal sealed class ScheduleArguments
{
    private readonly Option<string> _schedule = new Option<string>("--schedule")
    {
        Description = "The learning rate over time: constant, step (times a factor every so many steps), cosine (after a warm-up), or plateau (times a factor when the validation loss no longer falls).",
        DefaultValueFactory = _ => "constant",
    }.OneOf("constant", "step", "cosine", "plateau");

    private readonly Option<double> _learningRate = new Option<double>("--learning-rate", "--lr")
    {
        Description = "The first, or with cosine the highest, learning rate.",
        HelpName = "number",
        DefaultValueFactory = _ => 0.001,
    }.Positive();

    private readonly Option<long?> _warmUp = new Option<long?>("--warm-up")
    {
        Description = "cosine: the steps in which the learning rate rises. Default: 0.",
        HelpName = "steps",
    }.AtLeast(0);

    private readonly Option<double?> _final = new Option<double?>("--final-learning-rate")
    {
        Description = "cosine: the learning rate at the end; plateau: the lowest. Default: 0.",
        HelpName = "number",
    }.AtLeast(0);

    private readonly Option<long?> _every = new Option<long?>("--decay-every")
    {
        Description = "step: the steps between two reductions. Default: a third of all.",
        HelpName = "steps",
    }.AtLeast(1);

    private readonly Option<double?> _factor = new Option<double?>("--decay-factor")
    {
        Description = "step, plateau: the factor of one reduction. Default: 0.1.",
        HelpName = "fraction",
    }.Between(1e-6, 0.999999);

    private readonly Option<int?> _patience = new Option<int?>("--plateau-patience")
    {
        Description = "plateau: the epochs without a lower validation loss that are let pass. Default: 2.",
        HelpName = "epochs",
    }.AtLeast(0);

    public void AddTo(Command command)
    {
        command.Add(_schedule);
        command.Add(_learningRate);
        command.Add(_warmUp);
        command.Add(_final);
        command.Add(_every);
        command.Add(_factor);
        command.Add(_patience);
    }

    /// <summary>Gets the first, or with cosine the highest, learning rate.</summary>
    public double LearningRate(ParseResult parsed) => parsed.GetValue(_learningRate);

    /// <summary>Builds the schedule.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="steps">All steps of the training, at least 1.</param>
    /// <exception cref="UsageException">An option belongs to another schedule, or the warm-up takes all steps.</exception>
    public LearningRateSchedule Read(ParseResult parsed, long steps)
    {
        string kind = parsed.GetRequiredValue(_schedule);
        double rate = LearningRate(parsed);
        long warmUp = Only(parsed, _warmUp, kind, "cosine") ?? 0;
        double final = Only(parsed, _final, kind, "cosine", "plateau") ?? 0;
        long? every = Only(parsed, _every, kind, "step");
        double factor = Only(parsed, _factor, kind, "step", "plateau") ?? 0.1;
        int patience = Only(parsed, _patience, kind, "plateau") ?? 2;
        if (warmUp >= steps)
            throw new UsageException($"--warm-up {warmUp} leaves none of the {steps} steps for the rest of the schedule.");
        if (final > rate)
            throw new UsageException("--final-learning-rate is above --learning-rate.");
        return kind switch
        {
            "step" => new StepSchedule(rate, every ?? Math.Max(1, steps / 3), factor),
            "cosine" => new CosineSchedule(rate, steps, warmUp, final),
            "plateau" => new ReduceOnPlateau(rate, factor, patience, final),
            _ => new ConstantSchedule(rate),
        };
    }

    private static T? Only<T>(ParseResult parsed, Option<T?> option, string kind, params string[] kinds)
        where T : struct =>
        parsed.GetValue(option) is not { } value ? null
        : kinds.Contains(kind) ? value
        : throw new UsageException($"Option {option.Name} belongs to --schedule {string.Join(" or ", kinds)}, not {kind}.");
}
