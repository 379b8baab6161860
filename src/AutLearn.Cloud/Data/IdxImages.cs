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
    /// <param name="imagesPath">UInt8, [N, height, width].</param>
    /// <param name="labelsPath">Whole numbers, [N]; null where the images carry no labels.</param>
    /// <param name="writersPath">Whole numbers, [N]; null where the writers are unknown.</param>
    /// <param name="writer">The only writer to keep; null for all.</param>
    /// <param name="classes">The class names; empty where unknown.</param>
    /// <param name="classCount">The number of classes where they have no names; null where unknown.</param>
    /// <exception cref="DataFileException">A file is damaged, the lengths differ, or the writer has no image.</exception>
    public static ImageSet Open(string imagesPath, string? labelsPath, string? writersPath, int? writer, ImmutableArray<string> classes, int? classCount = null)
    {
        IdxFile images = OpenImages(imagesPath);
        int count = images.Dimensions[0];
        int[] labels = labelsPath is null ? Unlabelled(count) : OpenColumn(labelsPath, count, imagesPath);
        if (labelsPath is not null)
            CheckLabels(labels, classes.IsEmpty ? classCount : classes.Length, labelsPath);

        int[] rows = [.. Enumerable.Range(0, count)];
        if (writer is { } id)
        {
            if (writersPath is null)
                throw new DataFileException(imagesPath, $"writer {id} cannot be selected without a file of writers.");
            int[] writers = OpenColumn(writersPath, count, imagesPath);
            rows = [.. rows.Where(r => writers[r] == id)];
            if (rows.Length == 0)
                throw new DataFileException(writersPath, $"has no image of writer {id}.");
        }

        return new ImageSet([.. labels], classes, (i, _) => Row(images, i), i => $"{imagesPath}#{i}").Pick(rows);
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
        if (images.ElementType != ElementType.UInt8 || images.Dimensions.Length != 3)
            throw new DataFileException(path, $"holds {images.ElementType} of {images.Dimensions.Length} dimensions; images are UInt8 [count, height, width].");
        if (images.Dimensions[0] == 0 || images.Dimensions[1] == 0 || images.Dimensions[2] == 0)
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

    private static void CheckLabels(int[] labels, int? classCount, string path)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] < 0 || labels[i] >= classCount)
                throw new DataFileException(path, $"row {i} has label {labels[i]}, {(classCount is null ? "which is negative" : $"outside the {classCount} classes")}.");
        }
    }

    private static PixelImage Row(IdxFile images, int row)
    {
        int height = images.Dimensions[1];
        int width = images.Dimensions[2];
        return PixelImage.FromGrey(width, height, images.Data.Span.Slice(row * height * width, height * width));
    }
}
