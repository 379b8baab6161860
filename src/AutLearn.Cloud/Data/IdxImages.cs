using System.Collections.Immutable;
using AutLearn.Augment.Images;
using AutLearn.Graph;

namespace AutLearn.Cloud.Data;

/// <summary>Opens image sets that are stored as IDX files of images, labels and, perhaps, writers.</summary>
internal static class IdxImages
{
    /// <summary>The class names of the handwriting sets, in LEAF's order: digits, upper case, lower case.</summary>
    public static ImmutableArray<string> AlphanumericClasses { get; } =
        [.. "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".Select(c => c.ToString())];

    /// <summary>Opens a set.</summary>
    /// <param name="imagesPath">UInt8, [N, height, width], [N, height, width, channels] or [N, channels, height, width] with 1 or 3 channels.</param>
    /// <param name="labelsPath">Whole numbers, [N]; null where the images carry no labels.</param>
    /// <param name="writersPath">Whole numbers, [N]; null where the writers are unknown.</param>
    /// <param name="reading">What is known of the classes, and which rows to keep.</param>
    /// <exception cref="DataFileException">A file is damaged, the lengths differ, a label is no class, or the writer has no image.</exception>
    public static ImageSet Open(string imagesPath, string? labelsPath, string? writersPath, IdxReading reading)
    {
        IdxFile images = OpenImages(imagesPath);
        int count = images.Dimensions[0];
        int[] labels = labelsPath is null ? Unlabelled(count) : OpenColumn(labelsPath, count, imagesPath);
        if (labelsPath is not null)
            Number(labels, reading.FirstLabel, reading.Classes.IsEmpty ? reading.ClassCount : reading.Classes.Length, labelsPath);

        int[] rows = [.. Enumerable.Range(0, count)];
        if (reading.Writer is { } id)
        {
            if (writersPath is null)
                throw new DataFileException(imagesPath, $"writer {id} cannot be selected without a file of writers.");
            int[] writers = OpenColumn(writersPath, count, imagesPath);
            rows = [.. rows.Where(r => writers[r] == id)];
            if (rows.Length == 0)
                throw new DataFileException(writersPath, $"has no image of writer {id}.");
        }

        return new ImageSet([.. labels], reading.Classes, (i, _) => Row(images, i, reading.IsTransposed), i => $"{imagesPath}#{i}")
        {
            IsGrey = images.Dimensions.Length == 3 || images.Dimensions[ArePlanes(images) ? 1 : 3] == 1,
        }.Pick(rows);
    }

    /// <summary>Reads the writer of each row.</summary>
    public static int[] OpenWriters(string writersPath) => IdxFile.Read(writersPath).ToInt32();

    private static int[] Unlabelled(int count)
    {
        int[] labels = new int[count];
        Array.Fill(labels, -1);
        return labels;
    }

    private static IdxFile OpenImages(string path)
    {
        IdxFile images = IdxFile.Read(path);
        if (images.ElementType != ElementType.UInt8 || images.Dimensions.Length is not (3 or 4)
            || (images.Dimensions.Length == 4 && images.Dimensions[3] is not (1 or 3) && images.Dimensions[1] is not (1 or 3)))
            throw new DataFileException(path, $"holds {images.ElementType} [{string.Join(", ", images.Dimensions)}]; images are UInt8 [count, height, width], or with 1 or 3 channels behind or before the size.");
        if (images.Dimensions.Contains(0))
            throw new DataFileException(path, "holds no pixels.");
        return images;
    }

    private static int[] OpenColumn(string path, int count, string imagesPath)
    {
        IdxFile file = IdxFile.Read(path);
        if (file.Dimensions.Length != 1)
            throw new DataFileException(path, $"has {file.Dimensions.Length} dimensions, where one number an image is needed.");
        if (file.Dimensions[0] != count)
            throw new DataFileException(path, $"has {file.Dimensions[0]} rows, but '{imagesPath}' has {count} images.");
        return file.ToInt32();
    }

    private static void Number(int[] labels, int? first, int? classCount, string path)
    {
        int smallest = labels.Length == 0 ? 0 : labels.Min(), largest = labels.Length == 0 ? 0 : labels.Max();

        // The letters of EMNIST count from 1: read as they stand, the last has no class, and all others that of their neighbour.
        if (first is null && smallest == 1 && largest == classCount)
            throw new DataFileException(path, $"has labels from 1 to {largest}, but the {classCount} classes count from 0. Say --first-label 1.");
        for (int i = 0; i < labels.Length; i++)
        {
            int label = labels[i] - (first ?? 0);
            if (label < 0 || label >= classCount)
                throw new DataFileException(path, $"row {i} has label {labels[i]}, {(label < 0 ? first is null ? "which is negative" : $"below the first, {first}" : $"outside the {classCount} classes")}.");
            labels[i] = label;
        }
    }

    private static PixelImage Row(IdxFile images, int row, bool isTransposed)
    {
        bool isPlanes = ArePlanes(images);
        (int channels, int height, int width) = images.Dimensions.Length == 3 ? (1, images.Dimensions[1], images.Dimensions[2])
            : isPlanes ? (images.Dimensions[1], images.Dimensions[2], images.Dimensions[3])
            : (images.Dimensions[3], images.Dimensions[1], images.Dimensions[2]);
        ReadOnlySpan<byte> bytes = images.Data.Span.Slice(row * channels * height * width, channels * height * width);
        (int step, int plane) = isPlanes ? (1, height * width) : (channels, 1);
        (int across, int down) = isTransposed ? (width, 1) : (1, width);
        if (isTransposed)
            (width, height) = (height, width);
        byte[] colors = new byte[3 * height * width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int from = ((y * down) + (x * across)) * step, to = 3 * ((y * width) + x);
                for (int c = 0; c < 3; c++)
                    colors[to + c] = bytes[from + (channels == 1 ? 0 : c * plane)];
            }
        }

        return PixelImage.FromRgb(width, height, colors);
    }

    private static bool ArePlanes(IdxFile images) => images.Dimensions.Length == 4 && images.Dimensions[3] is not (1 or 3);
}
