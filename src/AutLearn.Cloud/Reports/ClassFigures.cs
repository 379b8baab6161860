using System.Collections.Immutable;

namespace AutLearn.Cloud.Reports;

/// <summary>How well one class is told from the others.</summary>
/// <param name="Class">Its number.</param>
/// <param name="Name">Its name; null where unknown.</param>
/// <param name="Images">The images of the class.</param>
/// <param name="Correct">Those of them that were taken for it.</param>
/// <param name="Predicted">The images of all classes that were taken for it.</param>
internal sealed record ClassFigures(int Class, string? Name, int Images, int Correct, int Predicted)
{
    /// <summary>Gets the share of the class's images that were found; null where it has none.</summary>
    public double? Recall => Images == 0 ? null : (double)Correct / Images;

    /// <summary>Gets the share of right ones among those taken for the class; null where none was.</summary>
    public double? Precision => Predicted == 0 ? null : (double)Correct / Predicted;

    /// <summary>Gets the harmonic mean of both; null where either is missing.</summary>
    public double? F1 => Recall is { } recall && Precision is { } precision ? recall + precision == 0 ? 0 : 2 * recall * precision / (recall + precision) : null;
}

/// <summary>How often images of one class were taken for another, or for their own.</summary>
internal sealed record ConfusionCell(int Label, int Predicted, int Count);

/// <summary>Counts per class.</summary>
internal static class ConfusionTable
{
    /// <summary>Counts the labelled predictions; classes without image and prediction are left out.</summary>
    public static (ImmutableArray<ClassFigures> Classes, ImmutableArray<ConfusionCell> Cells) Of(IEnumerable<PredictionReport> predictions, ImmutableArray<string> names)
    {
        ImmutableArray<ConfusionCell> cells =
        [
            .. predictions.Where(p => p.Label is not null)
                .GroupBy(p => (Label: p.Label!.Value, Predicted: p.Top[0].Class))
                .Select(g => new ConfusionCell(g.Key.Label, g.Key.Predicted, g.Count()))
                .OrderBy(c => c.Label).ThenBy(c => c.Predicted),
        ];
        ImmutableArray<ClassFigures> classes =
        [
            .. cells.SelectMany(c => new[] { c.Label, c.Predicted }).Distinct().Order().Select(i => new ClassFigures(
                i,
                i < names.Length ? names[i] : null,
                cells.Where(c => c.Label == i).Sum(c => c.Count),
                cells.Where(c => c.Label == i && c.Predicted == i).Sum(c => c.Count),
                cells.Where(c => c.Predicted == i).Sum(c => c.Count))),
        ];
        return (classes, cells);
    }
}
