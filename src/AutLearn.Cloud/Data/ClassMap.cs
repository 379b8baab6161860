using System.Collections.Immutable;

namespace AutLearn.Cloud.Data;

/// <summary>Finds the class that a folder, or a word in a table, names.</summary>
/// <remarks>A name that is the same on the screen comes first, then one that differs in case alone. Immutable; safe for use by several threads.</remarks>
internal sealed class ClassMap
{
    private const int Shown = 10;

    private readonly Dictionary<string, int> _exact = new(StringComparer.Ordinal);
    private readonly ILookup<string, int> _anyCase;

    private ClassMap(ImmutableArray<string> classes)
    {
        Classes = classes;
        _anyCase = Enumerable.Range(0, classes.Length).ToLookup(i => ClassKey.Of(classes[i]), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Gets the names, by class.</summary>
    public ImmutableArray<string> Classes { get; }

    /// <summary>Reads the classes of a model.</summary>
    /// <param name="source">What to call them in messages.</param>
    /// <param name="classes">Their names.</param>
    /// <exception cref="DataFileException">Two names cannot be told apart.</exception>
    public static ClassMap Of(string source, ImmutableArray<string> classes)
    {
        var map = new ClassMap(classes);
        for (int i = 0; i < classes.Length; i++)
        {
            // ImageNet itself has two classes called 'crane': a folder of that name would mean either.
            if (!map._exact.TryAdd(ClassKey.Of(classes[i]), i))
                map._exact[ClassKey.Of(classes[i])] = -1;
        }

        return map.Classes.IsEmpty ? throw new DataFileException(source, "names no classes.") : map;
    }

    /// <summary>Finds a class.</summary>
    /// <param name="name">A name in the data.</param>
    /// <param name="place">Where it stands, for messages.</param>
    /// <returns>The class; null where no class has the name.</returns>
    /// <exception cref="DataFileException">Several classes have the name.</exception>
    public int? Find(string name, string place)
    {
        string key = ClassKey.Of(name);
        if (_exact.TryGetValue(key, out int exact) && exact >= 0)
            return exact;
        int[] found = [.. _anyCase[key]];
        return found.Length > 1
            ? throw new DataFileException(place, $"'{name}' can mean {string.Join(" or ", found.Select(i => $"class {i} '{Classes[i]}'"))}: rename it, or the classes.")
            : found.Length == 1 ? found[0] : null;
    }

    /// <summary>Lists the first names, for messages.</summary>
    public string Examples() => $"{string.Join(", ", Classes.Take(Shown).Select(c => $"'{c}'"))}{(Classes.Length > Shown ? ", ..." : "")}";
}
