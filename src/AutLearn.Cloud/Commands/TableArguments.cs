using System.CommandLine;
using AutLearn.Cloud.Tables;
using AutLearn.Cloud.Terminal;
using AutLearn.Compiler.Losses;
using AutLearn.Graph.Artifacts;

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

    /// <summary>Gets the columns to tell.</summary>
    public string[] Targets(ParseResult parsed) => parsed.GetValue(_targets) ?? [];

    /// <summary>Gets the columns to tell: those that a model tells already, where it knows them.</summary>
    /// <exception cref="UsageException">Others are given.</exception>
    public string[] TargetsFor(ParseResult parsed, TableSpec? known)
    {
        string[] given = Targets(parsed);
        if (known is null)
            return given;
        if (given.Length > 0 && !given.SequenceEqual(known.Targets, StringComparer.Ordinal))
            throw new UsageException($"The model tells {string.Join(", ", known.Targets.Select(t => $"'{t}'"))}, and learns on to tell nothing else: leave --target out.");
        if (Ignored(parsed).Length > 0)
            throw new UsageException("The model knows its columns by name and passes over all others: leave --ignore out.");
        return [.. known.Targets];
    }

    /// <summary>Gets the loss: what is given, or what a model learned by.</summary>
    /// <exception cref="UsageException">The loss is for other targets than the model has.</exception>
    public Loss LossFor(ParseResult parsed, TableSpec? known)
    {
        Loss? learned = TableObjectives.LossOf(known);
        Loss loss = parsed.GetValue(_loss) is { } given ? TableObjectives.LossOf(given) : learned ?? TableObjectives.LossOf("mse");
        return learned is null || TableObjectives.Of(learned.Spec) == TableObjectives.Of(loss.Spec)
            ? loss
            : throw new UsageException($"The model learned by {learned.Spec.Kind}; its outputs are of another kind than --loss {parsed.GetValue(_loss)} needs.");
    }

    /// <summary>Gets the columns to pass over.</summary>
    public string[] Ignored(ParseResult parsed) => parsed.GetValue(_ignored) ?? [];

    /// <summary>Checks what is asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isKnown">Whether a model knows the columns.</param>
    /// <exception cref="UsageException">It does not fit together.</exception>
    public void Check(ParseResult parsed, bool isKnown)
    {
        string[] targets = Targets(parsed);
        if (targets.Length == 0 && (Ignored(parsed).Length > 0 || parsed.GetValue(_loss) is not null) && !isKnown)
            throw new UsageException("Options --ignore and --loss belong to tables of numbers: say with --target what to tell.");
        if (targets.Distinct(StringComparer.Ordinal).Count() != targets.Length || targets.Intersect(Ignored(parsed), StringComparer.Ordinal).Any())
            throw new UsageException("A column is given twice among --target and --ignore.");
        if (targets.Length > 1 && parsed.GetValue(_loss) == "cross-entropy")
            throw new UsageException("--loss cross-entropy tells one class: give one --target, or --loss bce for several columns of 0 and 1.");
    }
}
