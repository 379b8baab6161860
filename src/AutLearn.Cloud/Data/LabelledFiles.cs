using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>Collects photos with the names of their classes, and makes a set of them.</summary>
/// <param name="source">The folder or table, for messages.</param>
/// <param name="notes">What was left out.</param>
internal sealed class LabelledFiles(string source, DataNotes notes)
{
    private readonly List<(string File, string Class, string Place, DataPart? Part)> _rows = [];

    /// <summary>Adds a photo.</summary>
    /// <param name="file">The photo.</param>
    /// <param name="name">What its class is called.</param>
    /// <param name="place">Where that is said, for messages.</param>
    /// <param name="part">What it was set aside for; null where nobody said.</param>
    public void Add(string file, string name, string place, DataPart? part) => _rows.Add((file, name, place, part));

    /// <summary>Makes the set.</summary>
    /// <param name="known">The model's classes; empty where it names none.</param>
    /// <param name="classCount">The number of the model's classes; null where unknown or free.</param>
    /// <param name="match">How the data's classes are the model's.</param>
    /// <exception cref="DataFileException">A name is none of the model's, or is ambiguous, or the numbers do not agree.</exception>
    public ImageSet ToSet(ImmutableArray<string> known, int? classCount, ClassMatch match)
    {
        ImmutableArray<string> own = OwnClasses();
        if (match == ClassMatch.Position && classCount is { } count && own.Length != count)
            throw new DataFileException(source, $"has {own.Length} classes, but the model has {count}: their order cannot tell which is which.");
        if (match == ClassMatch.Name && known.IsEmpty && classCount is not null)
            throw new DataFileException(source, $"names its classes, but the model names none of its {classCount}. Compile it with --classes, give --classes here where the command has it, or say --match position if the {own.Length} classes in alphabetical order are the model's.");
        ImmutableArray<string> classes = match == ClassMatch.Name && !known.IsEmpty ? known : own;
        var map = ClassMap.Of(source, classes);
        var labels = new Dictionary<string, int>(StringComparer.Ordinal);
        var sources = new Dictionary<(int, DataPart?), string>();
        foreach ((string _, string name, string place, DataPart? part) in _rows.DistinctBy(r => (r.Class, r.Part)))
        {
            int label = map.Find(name, place) ?? throw new DataFileException(place, $"'{name}' is none of the model's {classes.Length} classes: {map.Examples()}.");
            if (sources.TryGetValue((label, part), out string? other))
                throw new DataFileException(place, $"'{name}' and '{other}' both mean the class '{classes[label]}'. Join or rename them.");
            sources[(label, part)] = name;
            labels[name] = label;
        }

        var present = labels.Values.ToHashSet();
        notes.MissingClasses = [.. Enumerable.Range(0, classes.Length).Where(i => !present.Contains(i)).Select(i => classes[i])];
        ImmutableArray<string> files = [.. _rows.Select(r => r.File)];
        return new ImageSet([.. _rows.Select(r => labels[r.Class])], classes, (i, minSide) => ImageFile.Decode(files[i], minSide), i => files[i])
        {
            Notes = notes,
            Parts = _rows.All(r => r.Part is null) ? [] : [.. _rows.Select(r => r.Part ?? DataPart.Training)],
        };
    }

    // In the order in which torchvision and Python sort them. What looks the same must be the same. Divided data have the classes that are learned.
    private ImmutableArray<string> OwnClasses()
    {
        string[] names = [.. (_rows.Any(r => r.Part == DataPart.Training) ? _rows.Where(r => r.Part is null or DataPart.Training) : _rows).Select(r => r.Class).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        foreach (IGrouping<string, string> alike in names.GroupBy(ClassKey.Of, StringComparer.Ordinal))
        {
            if (alike.Count() > 1)
                throw new DataFileException(source, $"has {alike.Count()} classes that are all called '{alike.Key}' and differ in what nobody sees (blanks, or how accents are written). Join them.");
        }

        return [.. names.Select(ClassKey.Of)];
    }
}
