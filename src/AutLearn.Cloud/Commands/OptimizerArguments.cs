using System.CommandLine;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that choose the optimizer.</summary>
internal sealed class OptimizerArguments
{
    private readonly Option<string> _optimizer = new Option<string>("--optimizer")
    {
        Description = "The optimizer: sgd, adam, adamw, adagrad or rmsprop.",
        DefaultValueFactory = _ => "adam",
    }.OneOf("sgd", "adam", "adamw", "adagrad", "rmsprop");

    private readonly Option<double?> _momentum = new Option<double?>("--momentum")
    {
        Description = "sgd, rmsprop: the momentum. Default: 0.",
        HelpName = "fraction",
    }.Fraction();

    private readonly Option<bool> _nesterov = new("--nesterov") { Description = "sgd: Nesterov's momentum." };

    private readonly Option<double?> _beta1 = new Option<double?>("--beta1")
    {
        Description = "adam, adamw: the decay of the mean gradient. Default: 0.9.",
        HelpName = "fraction",
    }.Fraction();

    private readonly Option<double?> _beta2 = new Option<double?>("--beta2")
    {
        Description = "adam, adamw: the decay of the mean squared gradient. Default: 0.999.",
        HelpName = "fraction",
    }.Fraction();

    private readonly Option<double?> _alpha = new Option<double?>("--alpha")
    {
        Description = "rmsprop: the decay of the mean squared gradient. Default: 0.99.",
        HelpName = "fraction",
    }.Fraction();

    private readonly Option<double?> _epsilon = new Option<double?>("--epsilon")
    {
        Description = "adam, adamw: what is added to the denominator. Default: 1e-8.",
        HelpName = "number",
    }.Positive();

    private readonly Option<string?> _form = new Option<string?>("--adamw-form")
    {
        Description = "adamw: the order of its operations: torch (decay first, epsilon beside the corrected root; the default) or transformers (epsilon beside the root as it is, decay last), which ONNX Runtime's training tool wrote.",
    }.OneOf("torch", "transformers");

    private readonly Option<double?> _weightDecay = new Option<double?>("--weight-decay")
    {
        Description = "The weight decay. Default: 0; adamw 0.01.",
        HelpName = "number",
    }.AtLeast(0);

    public void AddTo(Command command)
    {
        command.Add(_optimizer);
        command.Add(_momentum);
        command.Add(_nesterov);
        command.Add(_beta1);
        command.Add(_beta2);
        command.Add(_alpha);
        command.Add(_epsilon);
        command.Add(_form);
        command.Add(_weightDecay);
    }

    /// <summary>Builds the optimizer.</summary>
    /// <exception cref="UsageException">An option belongs to another optimizer.</exception>
    public Optimizer Read(ParseResult parsed)
    {
        string kind = parsed.GetRequiredValue(_optimizer);
        double? momentum = Only(parsed, _momentum, kind, "sgd", "rmsprop");
        double? beta1 = Only(parsed, _beta1, kind, "adam", "adamw");
        double? beta2 = Only(parsed, _beta2, kind, "adam", "adamw");
        double? alpha = Only(parsed, _alpha, kind, "rmsprop");
        double? epsilon = Only(parsed, _epsilon, kind, "adam", "adamw");
        if (kind != "adamw" && parsed.GetValue(_form) is not null)
            throw new UsageException($"Option {_form.Name} belongs to --optimizer adamw, not {kind}.");
        AdamWForm form = parsed.GetValue(_form) == "transformers" ? AdamWForm.Transformers : AdamWForm.Torch;
        double? decay = parsed.GetValue(_weightDecay);
        bool isNesterov = parsed.GetValue(_nesterov);
        if (isNesterov && (kind != "sgd" || momentum is null or 0))
            throw new UsageException("Option --nesterov needs --optimizer sgd and a --momentum above 0.");
        return kind switch
        {
            "sgd" => new SgdOptimizer { Momentum = momentum ?? 0, IsNesterov = isNesterov, WeightDecay = decay ?? 0 },
            "adamw" => new AdamWOptimizer { Beta1 = beta1 ?? 0.9, Beta2 = beta2 ?? 0.999, Epsilon = epsilon ?? 1e-8, WeightDecay = decay ?? 0.01, Form = form },
            "adagrad" => new AdagradOptimizer { WeightDecay = decay ?? 0 },
            "rmsprop" => new RmsPropOptimizer { Alpha = alpha ?? 0.99, Momentum = momentum ?? 0, WeightDecay = decay ?? 0 },
            _ => new AdamOptimizer { Beta1 = beta1 ?? 0.9, Beta2 = beta2 ?? 0.999, Epsilon = epsilon ?? 1e-8, WeightDecay = decay ?? 0 },
        };
    }

    private static double? Only(ParseResult parsed, Option<double?> option, string kind, params string[] kinds) =>
        parsed.GetValue(option) is not { } value ? null
        : kinds.Contains(kind) ? value
        : throw new UsageException($"Option {option.Name} belongs to --optimizer {string.Join(" or ", kinds)}, not {kind}.");
}
