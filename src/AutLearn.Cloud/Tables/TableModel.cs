using System.Collections.Immutable;
using AutLearn.Cloud.Commands;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Reports;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Runtime;

namespace AutLearn.Cloud.Tables;

/// <summary>A model that reads the rows of a table, with the columns that it knows.</summary>
/// <param name="model">Stays the caller's; its manifest has a table.</param>
internal sealed class TableModel(PersonalModel model)
{
    private const int BatchSize = 256;

    public PersonalModel Model => model;

    public TableObjective Objective { get; } = TableObjectives.Of(model.Manifest.Loss);

    private TableSpec Spec { get; } = model.Manifest.Table ?? throw new ArgumentException("The model reads no table.", nameof(model));

    /// <summary>Reads a table by the model's columns.</summary>
    /// <exception cref="DataFileException">A column is missing or a cell is no number.</exception>
    public NumberTable Read(string path, bool areTargetsNeeded, bool skipsBad) => NumberTable.Read(path, Spec.Targets, Spec.Features, [], areTargetsNeeded, skipsBad);

    /// <summary>Makes labels of the targets.</summary>
    public ImmutableArray<Tensor> Labels(NumberTable table) => TableObjectives.Labels(Objective, table, ClassesOf());

    /// <summary>Computes what the last layers learn from.</summary>
    public FeatureSet Extract(NumberTable table, ImmutableArray<Tensor> labels, IReadOnlyList<int> rows, CancellationToken cancellationToken)
    {
        FeatureSet features = model.CreateFeatureSet();
        foreach (int[] part in rows.Chunk(BatchSize))
        {
            using PredictionBatch batch = model.Predict([Inputs(table, part)], cancellationToken);
            var told = new TensorBuffer(model.Manifest.Labels.ElementType, [part.Length, .. labels[part[0]].Dimensions]);
            int size = told.Bytes.Length / part.Length;
            for (int i = 0; i < part.Length; i++)
                labels[part[i]].Bytes.Span.CopyTo(told.Bytes[(i * size)..]);
            features.Add(batch, told);
        }

        return features;
    }

    /// <summary>Gets what the model says of each row: numbers, or probabilities of tags or classes.</summary>
    public ImmutableArray<ImmutableArray<float>> Predict(NumberTable table, CancellationToken cancellationToken)
    {
        var said = ImmutableArray.CreateBuilder<ImmutableArray<float>>(table.Count);
        foreach (int[] part in Enumerable.Range(0, table.Count).Chunk(BatchSize))
        {
            using PredictionBatch batch = model.Predict([Inputs(table, part)], cancellationToken);
            int width = batch.Logits.Count / part.Length;
            for (int i = 0; i < part.Length; i++)
                said.Add(Answer(batch.Logits.Span<float>().Slice(i * width, width)));
        }

        return said.MoveToImmutable();
    }

    /// <summary>Measures the current parameters on some rows.</summary>
    public TableFigures Measure(NumberTable table, ImmutableArray<Tensor> labels, FeatureSet features, IReadOnlyList<int> rows, CancellationToken cancellationToken)
    {
        double loss = model.Evaluate(features, cancellationToken).Loss;
        ImmutableArray<ImmutableArray<float>> said = Predict(table, cancellationToken);
        if (Objective == TableObjective.Classes)
        {
            int right = rows.Count(r => said[r].IndexOf(said[r].Max()) == labels[r].Span<long>()[0]);
            return new(loss, [new(Spec.Targets[0], null, null, null, (double)right / rows.Count, null)]);
        }

        return new(loss, [.. Spec.Targets.Select((name, t) => Figures(name, [.. rows.Select(r => (said[r][t], labels[r].Span<float>()[t]))]))]);
    }

    private TargetFigures Figures(string name, (float Said, float True)[] pairs)
    {
        if (Objective == TableObjective.Tags)
        {
            int found = pairs.Count(p => p.Said > 0.5f && p.True > 0.5f), right = pairs.Count(p => (p.Said > 0.5f) == (p.True > 0.5f));
            int wrong = pairs.Length - right;
            return new(name, null, null, null, (double)right / pairs.Length, found + wrong == 0 ? null : 2.0 * found / ((2.0 * found) + wrong));
        }

        double squares = pairs.Average(p => ((double)p.Said - p.True) * ((double)p.Said - p.True)), mean = pairs.Average(p => (double)p.True);
        double variance = pairs.Average(p => (p.True - mean) * (p.True - mean));
        return new(name, Math.Sqrt(squares), pairs.Average(p => Math.Abs((double)p.Said - p.True)), variance > 0 ? 1 - (squares / variance) : null, null, null);
    }

    private ImmutableArray<float> Answer(ReadOnlySpan<float> scores)
    {
        switch (Objective)
        {
            case TableObjective.Tags:
                return [.. scores.ToArray().Select(s => 1 / (1 + MathF.Exp(-s)))];
            case TableObjective.Classes:
                float largest = System.Numerics.Tensors.TensorPrimitives.Max(scores);
                float[] odds = [.. scores.ToArray().Select(s => MathF.Exp(s - largest))];
                float sum = odds.Sum();
                return [.. odds.Select(o => o / sum)];
            default:
                return [.. scores];
        }
    }

    private ImmutableArray<string> ClassesOf() => !model.Manifest.Classes.IsEmpty
        ? model.Manifest.Classes
        : [.. Enumerable.Range(0, ClassCount.Of(model.Manifest) ?? 0).Select(c => c.ToString(System.Globalization.CultureInfo.InvariantCulture))];

    private TensorBuffer Inputs(NumberTable table, int[] rows)
    {
        var inputs = new TensorBuffer(ElementType.Float32, rows.Length, Spec.Features.Length);
        for (int i = 0; i < rows.Length; i++)
            table.Inputs[rows[i]].CopyTo(inputs.Span<float>()[(i * Spec.Features.Length)..]);
        return inputs;
    }
}
