using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Cloud.Tables;

/// <summary>What the targets of a table are: numbers, tags or classes.</summary>
internal enum TableObjective
{
    /// <summary>Numbers to predict.</summary>
    Numbers,

    /// <summary>Yes or no for each target.</summary>
    Tags,

    /// <summary>One class a row.</summary>
    Classes,
}

/// <summary>Tells objectives apart and makes labels of them.</summary>
internal static class TableObjectives
{
    /// <summary>Gets the objective of a loss.</summary>
    public static TableObjective Of(LossSpec loss) => loss.Kind switch
    {
        "softmax_cross_entropy" => TableObjective.Classes,
        "binary_cross_entropy_with_logits" => TableObjective.Tags,
        _ => TableObjective.Numbers,
    };

    /// <summary>Gets the loss that a name on the command line stands for.</summary>
    public static Loss LossOf(string name) => name switch
    {
        "cross-entropy" => new SoftmaxCrossEntropyLoss(),
        "bce" => new BinaryCrossEntropyWithLogitsLoss(),
        "l1" => new L1Loss(),
        "huber" => new HuberLoss(),
        _ => new MeanSquaredLoss(),
    };

    /// <summary>Gets the loss that a model learned by, where it says so.</summary>
    public static Loss? LossOf(TableSpec? table) => table?.Loss switch
    {
        "softmax_cross_entropy" => new SoftmaxCrossEntropyLoss(),
        "binary_cross_entropy_with_logits" => new BinaryCrossEntropyWithLogitsLoss(),
        "l1" => new L1Loss(),
        "huber" => new HuberLoss(),
        "mean_squared" => new MeanSquaredLoss(),
        _ => null,
    };

    /// <summary>Makes the labels of a table's rows, without the batch dimension.</summary>
    /// <param name="objective">What they are.</param>
    /// <param name="table">The table, with targets.</param>
    /// <param name="classes">The names of the classes; empty where there are none.</param>
    public static ImmutableArray<Tensor> Labels(TableObjective objective, NumberTable table, ImmutableArray<string> classes) => objective == TableObjective.Classes
        ? [.. table.Labels(classes).Select(l => Tensor.Scalar(l))]
        : [.. table.Numbers(objective == TableObjective.Tags).Select(v => Tensor.Vector<float>(v))];
}
