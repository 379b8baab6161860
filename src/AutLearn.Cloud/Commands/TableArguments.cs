using System.CommandLine;
using AutLearn.Cloud.Tables;
using AutLearn.Cloud.Terminal;

namespace AutLearn.Cloud.Commands;

/// <summary>The options that say what of a table of numbers is learned from what.</summary>
internal sealed class TableArguments
{
    private readonly Option<string[]> _targets = new("--target")
    {
        Description = "Tables of numbers (.csv, .tsv): a column to tell. May be given several times.",
        HelpName = "column",
    };

    private readonly Option<string[]> _ignored = new("--ignore")
    {
        Description = "Tables of numbers: a column to pass over. May be given several times.",
        HelpName = "column",
    };

    private readonly Option<string?> _loss = new Option<string?>("--loss")
    {
        Description = "Tables of numbers: mse, l1 or huber (the targets are numbers), bce (each target is 0 or 1), cross-entropy (the one target is a class). Default: mse.",
    }.OneOf("mse", "l1", "huber", "bce", "cross-entropy");

    public void AddTo(Command command)
    {
        command.Add(_targets);
        command.Add(_ignored);
        command.Add(_loss);
    }

    /// <summary>Tells whether a table of numbers is meant.</summary>
    public bool IsGiven(ParseResult parsed) => Targets(parsed).Length > 0;

    /// <summary>Gets the columns to tell.</summary>
    public string[] Targets(ParseResult parsed) => parsed.GetValue(_targets) ?? [];

    /// <summary>Gets the columns to pass over.</summary>
    public string[] Ignored(ParseResult parsed) => parsed.GetValue(_ignored) ?? [];

    /// <summary>Gets the name of the loss.</summary>
    public string Loss(ParseResult parsed) => parsed.GetValue(_loss) ?? "mse";

    /// <summary>Checks what is asked for.</summary>
    /// <exception cref="UsageException">It does not fit together.</exception>
    public void Check(ParseResult parsed)
    {
        string[] targets = Targets(parsed);
        if (targets.Length == 0 && (Ignored(parsed).Length > 0 || parsed.GetValue(_loss) is not null))
            throw new UsageException("Options --ignore and --loss belong to tables of numbers: say with --target what to tell.");
        if (targets.Distinct(StringComparer.Ordinal).Count() != targets.Length || targets.Intersect(Ignored(parsed), StringComparer.Ordinal).Any())
            throw new UsageException("A column is given twice among --target and --ignore.");
        if (targets.Length > 1 && TableObjectives.Of(TableObjectives.LossOf(Loss(parsed)).Spec) == TableObjective.Classes)
            throw new UsageException("--loss cross-entropy tells one class: give one --target, or --loss bce for several columns of 0 and 1.");
    }
}
