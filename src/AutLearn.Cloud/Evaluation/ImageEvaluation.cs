using System.Collections.Immutable;
using AutLearn.Augment.Images;
using AutLearn.Cloud.Data;
using AutLearn.Cloud.Reports;

namespace AutLearn.Cloud.Evaluation;

/// <summary>Scores a set of images.</summary>
internal static class ImageEvaluation
{
    private const int BatchSize = 8;
    private const int Top = 5;

    /// <summary>Scores every image.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="images">The images.</param>
    /// <param name="badImages">What to do with an image that cannot be decoded.</param>
    /// <param name="progress">Is told how many images are done.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static (ImmutableArray<PredictionReport> Predictions, ImmutableArray<SkippedImage> Skipped) Run(
        IImageClassifier classifier, ImageSet images, BadImages badImages, Action<int> progress, CancellationToken cancellationToken)
    {
        var tensorizer = new ImageTensorizer(classifier.Preprocessing);
        int size = tensorizer.BytesPerImage;
        byte[] input = new byte[size * Math.Min(BatchSize, images.Count)];
        var predictions = ImmutableArray.CreateBuilder<PredictionReport>(images.Count);
        var skipped = ImmutableArray.CreateBuilder<SkippedImage>();
        var pending = new List<int>(BatchSize);
        for (int i = 0; i < images.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                tensorizer.FillBytes(images.Load(i, tensorizer.SufficientSide), input.AsSpan(pending.Count * size, size));
                pending.Add(i);
            }
            catch (DataFileException e) when (badImages == BadImages.Skip)
            {
                skipped.Add(new(images.NameOf(i), e.Message));
            }

            if (pending.Count < BatchSize && i + 1 < images.Count)
                continue;
            if (pending.Count > 0)
                Score(classifier, images, input.AsSpan(0, pending.Count * size), pending, predictions, cancellationToken);
            pending.Clear();
            progress(i + 1);
        }

        return (predictions.ToImmutable(), skipped.ToImmutable());
    }

    private static void Score(
        IImageClassifier classifier, ImageSet images, ReadOnlySpan<byte> input, List<int> rows, ImmutableArray<PredictionReport>.Builder predictions, CancellationToken cancellationToken)
    {
        float[] scores = classifier.Score(input, rows.Count, cancellationToken);
        int classes = scores.Length / rows.Count;
        for (int r = 0; r < rows.Count; r++)
        {
            double[] probabilities = Probabilities(scores.AsSpan(r * classes, classes));
            int label = images.Labels[rows[r]];
            if (label >= classes)
                throw new DataFileException(images.NameOf(rows[r]), $"has label {label}, but the model has {classes} classes.");
            predictions.Add(new PredictionReport(
                images.NameOf(rows[r]),
                label < 0 ? null : label,
                [
                    .. Enumerable.Range(0, classes).OrderByDescending(c => probabilities[c]).Take(Top)
                        .Select(c => new RankedClass(c, c < images.Classes.Length ? images.Classes[c] : null, probabilities[c])),
                ]));
        }
    }

    // softmax(z) = exp(z - max z) / sum; scores that are probabilities already stay as they are.
    private static double[] Probabilities(ReadOnlySpan<float> scores)
    {
        double sum = 0;
        double max = double.NegativeInfinity;
        bool areProbabilities = true;
        foreach (float s in scores)
        {
            sum += s;
            max = Math.Max(max, s);
            areProbabilities &= s is >= 0 and <= 1;
        }

        double[] result = new double[scores.Length];
        double total = 0;
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = areProbabilities && Math.Abs(sum - 1) < 1e-3 ? scores[i] : Math.Exp(scores[i] - max);
            total += result[i];
        }

        for (int i = 0; i < result.Length; i++)
            result[i] /= total;
        return result;
    }
}
