namespace AutLearn.Graph.Serialization;

/// <summary>Which file is being read, and which node of it: what every error must say.</summary>
internal sealed class ReadContext(string file)
{
    private readonly Dictionary<string, string> _operators = new(StringComparer.Ordinal);
    private readonly Dictionary<TensorType, TensorType> _types = [];

    // Names come from the file and may be of any length.
    private const int LongestQuoted = 100;

    /// <summary>Gets the file.</summary>
    public string File { get; } = file;

    /// <summary>Gets or sets the node being read, as messages call it; null outside nodes.</summary>
    public string? Node { get; set; }

    /// <summary>Gets or sets the operator of the node being read.</summary>
    public string? OpType { get; set; }

    /// <summary>Shortens a name of the file for a message and makes its control characters visible.</summary>
    public static string Quote(string name)
    {
        string shown = name.Length <= LongestQuoted ? name : string.Concat(name.AsSpan(0, LongestQuoted), "...");
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) ? '\uFFFD' : c))}'";
    }

    /// <summary>Creates the error that says what is wrong and where.</summary>
    public InvalidModelException Invalid(string problem, Exception? cause = null)
    {
        string where = Node is null ? "" : $", node {Quote(Node)} ({Quote(OpType ?? "").Trim('\'')})";
        return new($"Model '{File}'{where}: {problem}.", cause) { File = File, NodeName = Node };
    }

    /// <summary>Gets one string for all equal names of operators and domains.</summary>
    public string Operator(string name)
    {
        _operators.TryAdd(name, name);
        return _operators[name];
    }

    /// <summary>Gets one object for all equal types.</summary>
    public TensorType Shared(TensorType type)
    {
        _types.TryAdd(type, type);
        return _types[type];
    }

    /// <summary>Checks a name that is used as an identifier.</summary>
    public string Name(string name, string what)
    {
        if (name.Contains('\0', StringComparison.Ordinal))
            throw Invalid($"the name of {what} {Quote(name)} holds a NUL character");
        return name;
    }
}
