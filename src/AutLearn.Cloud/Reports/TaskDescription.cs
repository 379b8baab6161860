using System.Globalization;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Reports;

/// <summary>Says what a model learns by, in a few words.</summary>
internal static class TaskDescription
{
    /// <summary>Names the loss; of several, each with its weight and the output that it reads.</summary>
    public static string Of(LossSpec loss) => loss.Tasks.IsDefaultOrEmpty
        ? loss.Kind
        : $"{loss.Kind} ({string.Join(" + ", loss.Tasks.Select(t => $"{(t.Weight == 1 ? "" : t.Weight.ToString(CultureInfo.InvariantCulture) + " ")}{t.Loss.Kind} of '{t.Output}'"))})";
}
