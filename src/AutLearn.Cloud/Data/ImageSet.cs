using System.Collections.Immutable;
using AutLearn.Augment.Images;

namespace AutLearn.Cloud.Data;

/// <summary>Labelled images that are decoded when asked for.</summary>
internal sealed class ImageSet
{
    private readonly Func<int, int, PixelImage> _load;
    private readonly Func<int, string> _nameOf;

    public ImageSet(ImmutableArray<int> labels, ImmutableArray<string> classes, Func<int, int, PixelImage> load, Func<int, string> nameOf)
    {
        Labels = labels;
        Classes = classes;
        _load = load;
        _nameOf = nameOf;
    }

    /// <summary>Gets the class of each image; -1 where unknown.</summary>
    public ImmutableArray<int> Labels { get; }

    /// <summary>Gets the names of the classes by index; empty where unknown.</summary>
    public ImmutableArray<string> Classes { get; }

    /// <summary>Gets what was left out of the data; null where nothing can be.</summary>
    public DataNotes? Notes { get; init; }

    /// <summary>Gets the part that each image was set aside for; empty where nobody divided the data.</summary>
    public ImmutableArray<DataPart> Parts { get; init; } = [];

    /// <summary>Gets whether all images are grey, as far as is known without decoding them.</summary>
    public bool IsGrey { get; init; }

    public int Count => Labels.Length;

    /// <summary>Decodes an image.</summary>
    /// <param name="index">In [0, <see cref="Count"/>).</param>
    /// <param name="minSide">The shorter side that is enough, in pixels: a large photo may come out smaller, down to this; 0 keeps its size.</param>
    /// <exception cref="DataFileException">The image is damaged.</exception>
    public PixelImage Load(int index, int minSide = 0) => _load(index, minSide);

    /// <summary>Gets the file, or the row of the file, of an image.</summary>
    public string NameOf(int index) => _nameOf(index);

    /// <summary>Picks some images, in the order given.</summary>
    public ImageSet Pick(IReadOnlyList<int> rows)
    {
        ImmutableArray<int> picked = [.. rows];
        return new([.. picked.Select(r => Labels[r])], Classes, (i, minSide) => _load(picked[i], minSide), i => _nameOf(picked[i]))
        {
            Notes = Notes,
            IsGrey = IsGrey,
            Parts = Parts.IsEmpty ? [] : [.. picked.Select(r => Parts[r])],
        };
    }

    /// <summary>Picks the images of one part.</summary>
    public ImageSet Pick(DataPart part) => Pick([.. Enumerable.Range(0, Count).Where(i => Parts[i] == part)]);
}
