using AutLearn.Compiler.OrtTraining.Import;
using AutLearn.Graph;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>Seeded batches for official sets, by the names of their inputs.</summary>
internal static class OfficialBatches
{
    public const int Rows = 8;

    /// <summary>Gets the labels as AutLearn takes them.</summary>
    public static Tensor LabelsOf(IReadOnlyDictionary<string, Tensor> batch)
    {
        Tensor labels = batch.TryGetValue("labels", out Tensor? classes) ? classes : batch["target"];
        return labels.ElementType == ElementType.Int32 ? Tensor.Of<long>(labels.Dimensions.AsSpan(), [.. labels.Span<int>().ToArray().Select(l => (long)l)]) : labels;
    }

    /// <summary>Makes any numbers for what the checkpoint does not hold, and labels that every task of classes has.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, Tensor>> Of(OrtTrainingSet set, int count)
    {
        var random = new Random(7);
        Value[] supplied = [.. set.Evaluation.Graph.Inputs.Where(i => !set.Checkpoint.Trainable.ContainsKey(i.Name) && !set.Checkpoint.Frozen.ContainsKey(i.Name))];
        return [.. Enumerable.Range(0, count).Select(_ => supplied.ToDictionary(i => i.Name, Any))];

        Tensor Any(Value value)
        {
            long[] sizes = [.. value.Shape!.Select((d, i) => d.IsKnown ? d.Size : i == 0 ? Rows : 1)];
            return value.ElementType switch
            {
                ElementType.Int64 => Networks.Labels(random, 2, sizes),
                ElementType.Int32 => Tensor.Of<int>(sizes, [.. Networks.Labels(random, 2, sizes).Span<long>().ToArray().Select(l => (int)l)]),
                _ => Networks.Random(random, 1, sizes),
            };
        }
    }

    /// <summary>Makes batches for a set in the tool's form.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, Tensor>> Of(OnnxModel evaluation, int count)
    {
        var random = new Random(7);
        HashSet<string> given = ["labels", "target"];
        Value input = evaluation.Graph.Inputs[0];
        Value labels = evaluation.Graph.Inputs.First(i => given.Contains(i.Name));
        long classes = evaluation.Graph.Find("logits")?.Shape is { } scores ? scores[scores.Rank - 1].Size : 4;
        return [.. Enumerable.Range(0, count).Select(_ => new Dictionary<string, Tensor>
        {
            [input.Name] = input.ElementType == ElementType.Int64 ? Networks.Labels(random, 9, Sizes(input)) : Networks.Random(random, 1, Sizes(input)),
            [labels.Name] = Label(labels),
        })];

        long[] Sizes(Value value) => [Rows, .. value.Shape!.Skip(1).Select(d => d.Size)];

        Tensor Label(Value value)
        {
            if (value.ElementType == ElementType.Float32)
                return Tensor.Of<float>(Sizes(value), [.. Networks.Random(random, 1, Sizes(value)).Span<float>().ToArray().Select(v => v > 0 ? 1f : 0)]);
            Tensor wide = Networks.Labels(random, (int)classes, Sizes(value));
            return value.ElementType == ElementType.Int64 ? wide : Tensor.Of<int>(wide.Dimensions.AsSpan(), [.. wide.Span<long>().ToArray().Select(l => (int)l)]);
        }
    }
}
