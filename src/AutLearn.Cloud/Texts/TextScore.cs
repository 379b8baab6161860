using System.Collections.Immutable;
using System.Numerics.Tensors;
using AutLearn.Cloud.Reports;

namespace AutLearn.Cloud.Texts;

/// <summary>Sums up what a text model says against what it should say.</summary>
internal sealed class TextScore(bool isLanguageModel, ImmutableArray<string> classes)
{
    private const int Top = 3;

    private readonly List<PredictionReport> _predictions = [];
    private double _loss;
    private long _count;
    private long _correct;
    private long _amongTop;
    private int _choices;

    /// <summary>Gets the likeliest classes of each text; empty for a language model.</summary>
    public IReadOnlyList<PredictionReport> Predictions => _predictions;

    /// <summary>Adds a row.</summary>
    /// <param name="scores">Its scores, a choice a label.</param>
    /// <param name="labels">What is right; empty where unknown.</param>
    /// <param name="text">The sentence; null for a language model.</param>
    public void Add(ReadOnlySpan<float> scores, ReadOnlySpan<long> labels, string? text)
    {
        int choices = _choices = scores.Length / Math.Max(1, labels.Length);
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> own = scores.Slice(i * choices, choices);
            float right = own[checked((int)labels[i])];
            int better = 0;
            foreach (float score in own)
                better += score > right ? 1 : 0;

            // log sum exp, with the largest score taken out first.
            float largest = TensorPrimitives.Max(own);
            double sum = 0;
            foreach (float score in own)
                sum += Math.Exp(score - largest);
            _loss += Math.Log(sum) + largest - right;
            _count++;
            _correct += TensorPrimitives.IndexOfMax(own) == labels[i] ? 1 : 0;
            _amongTop += better < Top ? 1 : 0;
        }

        if (text is null || isLanguageModel)
            return;
        float[] probabilities = new float[scores.Length];
        TensorPrimitives.SoftMax(scores, probabilities);
        _predictions.Add(new(
            text,
            labels.IsEmpty ? null : (int)labels[0],
            [.. Enumerable.Range(0, probabilities.Length).OrderByDescending(c => probabilities[c]).Take(Top).Select(c => new RankedClass(c, c < classes.Length ? classes[c] : null, probabilities[c]))]));
    }

    /// <summary>Gets the figures; null where nothing had a label.</summary>
    public TextFigures? Figures() => _count == 0 ? null : new(
        _loss / _count,
        isLanguageModel ? Math.Exp(_loss / _count) : null,
        (double)_correct / _count,
        _choices > Top ? (double)_amongTop / _count : null,
        _correct,
        _count);
}
