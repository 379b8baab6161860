using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>Decodes every image once, to leave out before the work what cannot be decoded.</summary>
internal static class ImageCheck
{
    /// <summary>Checks a set, on all cores.</summary>
    /// <param name="images">The images.</param>
    /// <param name="minSide">What they will be decoded at.</param>
    /// <param name="progress">Is told how many images are done.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The images that can be decoded, and what is wrong with the others.</returns>
    /// <exception cref="DataFileException">None can be decoded.</exception>
    public static (ImageSet Good, ImmutableArray<SkippedImage> Skipped) Run(ImageSet images, int minSide, Action<int> progress, CancellationToken cancellationToken)
    {
        string?[] problems = new string?[images.Count];
        int done = 0;
        try
        {
            Parallel.For(0, images.Count, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
            {
                try
                {
                    images.Load(i, minSide);
                }
                catch (DataFileException e)
                {
                    problems[i] = e.Message;
                }

                progress(Interlocked.Increment(ref done));
            });
        }
        catch (AggregateException e) when (e.InnerException is { } inner)
        {
            throw new AutLearnException($"The images could not be checked: {inner.Message}", inner);
        }

        int[] good = [.. Enumerable.Range(0, images.Count).Where(i => problems[i] is null)];
        ImmutableArray<SkippedImage> skipped = [.. Enumerable.Range(0, images.Count).Where(i => problems[i] is not null).Select(i => new SkippedImage(images.NameOf(i), problems[i]!))];
        return good.Length == 0 && !skipped.IsEmpty
            ? throw new DataFileException(skipped[0].Image, $"cannot be decoded, nor can any other of the {images.Count} images: {skipped[0].Problem}")
            : (skipped.IsEmpty ? images : images.Pick(good), skipped);
    }
}
