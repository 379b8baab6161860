using System.Collections.Immutable;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Pretraining;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Tables;

/// <summary>Makes of a table what a network is pretrained on.</summary>
internal static class TableTasks
{
    // Beyond, values that mostly come once are numbers or names.
    private const int MostClasses = 20;

    /// <summary>Prepares the task: some rows, drawn by the seed, are held out; scales come from the others alone.</summary>
    /// <param name="table">The table, with targets.</param>
    /// <param name="loss">Tells what the targets are.</param>
    /// <param name="known">The classes that the network tells already, by name; empty for those of the table.</param>
    /// <param name="network">The network.</param>
    /// <param name="heldOut">The share that is held out, in [0, 1).</param>
    /// <param name="seed">Decides which.</param>
    /// <exception cref="DataFileException">A target is none, or there are too few rows or classes.</exception>
    public static PretrainTask Create(NumberTable table, Loss loss, ImmutableArray<string> known, TableRecipe network, double heldOut, int seed)
    {
        TableObjective objective = TableObjectives.Of(loss.Spec);
        if (heldOut > 0 && table.Count < 2)
            throw new DataFileException(table.Path, "one row cannot serve training and validation. Give more, or --validation 0.");
        ImmutableArray<string> classes = objective != TableObjective.Classes ? [] : known.IsEmpty ? table.Classes() : known;
        if (objective == TableObjective.Classes && classes.Length < 2)
            throw new DataFileException(table.Path, $"column '{table.Targets[0]}' holds one class only.");
        if (known.IsEmpty && classes.Length > MostClasses && 2L * classes.Length > table.Count)
            throw new DataFileException(table.Path, $"column '{table.Targets[0]}' holds {classes.Length} different values in {table.Count} rows, which are hardly classes. Numbers are learned with --loss mse.");
        ImmutableArray<Tensor> labels = TableObjectives.Labels(objective, table, classes);
        HoldOutSplit? split = Split(table, heldOut, seed);
        int[] train = split is null ? [.. Enumerable.Range(0, table.Count)] : [.. split.Train];
        float[][] numbers = objective == TableObjective.Numbers ? [.. train.Select(r => labels[r].Span<float>().ToArray())] : [];
        OnnxModel model = network.Build([.. train.Select(r => table.Inputs[r])], numbers, objective == TableObjective.Classes ? classes.Length : table.Targets.Length);
        return new(network.Name, model, table.Path, DataHash.Of(table.Path), Rows(train), split is null ? null : Rows([.. split.HoldOut]), 0, null, classes, null)
        {
            Table = new TableSpec(table.Features, table.Targets) { Loss = loss.Spec.Kind },
            SkippedRows = table.Skipped,
        };

        TableSource Rows(int[] rows) => new([.. rows.Select(r => table.Inputs[r])], [.. rows.Select(r => labels[r])]);
    }

    // A table that is divided by a column is divided so; what is for testing is left alone.
    private static HoldOutSplit? Split(NumberTable table, double heldOut, int seed)
    {
        if (table.Parts.IsEmpty)
            return heldOut > 0 ? HoldOutSplit.Of(table.Count, heldOut, seed) : null;
        int[] rows = [.. Enumerable.Range(0, table.Count)];
        DataPart measured = table.Parts.Contains(DataPart.Validation) ? DataPart.Validation : DataPart.Test;
        ImmutableArray<int> train = [.. rows.Where(r => table.Parts[r] == DataPart.Training)], held = [.. rows.Where(r => table.Parts[r] == measured)];
        return train.IsEmpty || held.IsEmpty
            ? throw new DataFileException(table.Path, $"its column 'split' leaves {(train.IsEmpty ? "nothing to learn from" : "nothing to measure on")}.")
            : new(train, held);
    }
}
