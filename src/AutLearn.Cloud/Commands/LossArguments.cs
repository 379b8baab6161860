using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler.Losses;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that choose the loss.</summary>
internal sealed class LossArguments
{
    private static readonly string[] Kinds = ["cross-entropy", "bce", "mse", "l1", "huber"];

    private readonly Option<string> _loss = new Option<string>("--loss")
    {
        Description = "The loss: cross-entropy (one class a sample), bce (yes or no for each output), mse, l1 or huber (numbers). Default: what a model that reads tables says that it learned by, else cross-entropy.",
        DefaultValueFactory = _ => "cross-entropy",
    }.OneOf(Kinds);

    private readonly Option<double> _labelSmoothing = new Option<double>("--label-smoothing")
    {
        Description = "Cross-entropy: the share of each label that is spread over all classes.",
        HelpName = "fraction",
    }.Fraction();

    private readonly Option<long?> _ignoreIndex = new("--ignore-index")
    {
        Description = "Cross-entropy: the label that no loss is taken of.",
        HelpName = "label",
    };

    private readonly Option<float[]> _classWeights = new Option<float[]>("--class-weights")
    {
        Description = "Cross-entropy: one weight for each class.",
        HelpName = "numbers",
        AllowMultipleArgumentsPerToken = true,
    }.AtLeast(0);

    private readonly Option<double?> _delta = new Option<double?>("--huber-delta")
    {
        Description = "Huber: the error at which the loss turns from quadratic to linear. Default: 1.",
        HelpName = "number",
    }.Positive();

    private readonly Option<string[]> _tasks = new("--task")
    {
        Description = "Learn several outputs at once: OUTPUT=LOSS or OUTPUT=LOSS*WEIGHT, such as age=huber*0.5. May be given several times, in place of --loss; the labels of all tasks then stand side by side.",
        HelpName = "output=loss",
    };

    public void AddTo(Command command)
    {
        command.Add(_loss);
        command.Add(_tasks);
        command.Add(_labelSmoothing);
        command.Add(_ignoreIndex);
        command.Add(_classWeights);
        command.Add(_delta);
    }

    /// <summary>Tells whether any of the options is given.</summary>
    public bool IsGiven(ParseResult parsed) =>
        ((Option[])[_loss, _tasks, _labelSmoothing, _ignoreIndex, _classWeights, _delta]).Any(o => parsed.GetResult(o) is { Implicit: false });

    /// <summary>Builds the loss.</summary>
    /// <exception cref="UsageException">An option belongs to another loss.</exception>
    public Loss Read(ParseResult parsed)
    {
        string[] tasks = parsed.GetValue(_tasks) ?? [];
        if (tasks.Length > 0)
        {
            if (((Option[])[_loss, _labelSmoothing, _ignoreIndex, _classWeights, _delta]).Any(o => parsed.GetResult(o) is { Implicit: false }))
                throw new UsageException("Option --task takes the place of --loss and its settings.");
            return ReadTasks(tasks);
        }

        string kind = parsed.GetRequiredValue(_loss);
        ImmutableArray<float> weights = [.. parsed.GetValue(_classWeights) ?? []];
        if (kind != "cross-entropy" && (parsed.GetValue(_labelSmoothing) != 0 || parsed.GetValue(_ignoreIndex) is not null || !weights.IsEmpty))
            throw new UsageException($"Options --label-smoothing, --ignore-index and --class-weights belong to --loss cross-entropy, not {kind}.");
        if (kind != "huber" && parsed.GetValue(_delta) is not null)
            throw new UsageException($"Option --huber-delta belongs to --loss huber, not {kind}.");
        return kind switch
        {
            "huber" => new HuberLoss { Delta = parsed.GetValue(_delta) ?? 1 },
            "cross-entropy" => new SoftmaxCrossEntropyLoss
            {
                ClassWeights = weights,
                IgnoreIndex = parsed.GetValue(_ignoreIndex),
                LabelSmoothing = parsed.GetValue(_labelSmoothing),
            },
            _ => Plain(kind),
        };
    }

    private static MultiTaskLoss ReadTasks(string[] texts)
    {
        var tasks = new List<TaskLoss>();
        foreach (string text in texts)
        {
            // Names of outputs may hold any character; losses and weights hold no '='.
            int at = text.LastIndexOf('=');
            string[] parts = text[(at + 1)..].Split('*');
            double weight = 1;
            if (at <= 0 || !Kinds.Contains(parts[0]) || parts.Length > 2 || (parts.Length == 2 && !double.TryParse(parts[1], NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out weight)))
                throw new UsageException($"--task '{text}' is no OUTPUT=LOSS or OUTPUT=LOSS*WEIGHT with a loss among {string.Join(", ", Kinds)} and a weight such as 0.5.");
            if (weight is not (> 0 and <= float.MaxValue))
                throw new UsageException($"--task '{text}': the weight must be above 0.");
            if (tasks.Any(t => t.Output == text[..at]))
                throw new UsageException($"--task gives '{text[..at]}' twice.");
            tasks.Add(new(text[..at], Plain(parts[0]), weight));
        }

        return new([.. tasks]);
    }

    private static Loss Plain(string kind) => kind switch
    {
        "bce" => new BinaryCrossEntropyWithLogitsLoss(),
        "mse" => new MeanSquaredLoss(),
        "l1" => new L1Loss(),
        "huber" => new HuberLoss(),
        _ => new SoftmaxCrossEntropyLoss(),
    };
}
