using System.Collections.Frozen;
using System.Globalization;

namespace AutLearn.Graph.Checking;

/// <summary>The operators of the default domain, read once from the table beside this class.</summary>
internal static class OperatorTable
{
    private static readonly Lazy<FrozenDictionary<string, OperatorSignature[]>> Signatures = new(Load);

    /// <summary>Gets every signature, oldest first, by operator.</summary>
    public static IReadOnlyDictionary<string, OperatorSignature[]> All => Signatures.Value;

    /// <summary>Finds the signature in force at a version of the domain, or null.</summary>
    public static OperatorSignature? Find(string opType, long opset)
    {
        if (!Signatures.Value.TryGetValue(opType, out OperatorSignature[]? versions))
            return null;
        OperatorSignature? found = null;
        foreach (OperatorSignature version in versions)
        {
            if (version.SinceVersion <= opset)
                found = version;
        }

        return found;
    }

    private static FrozenDictionary<string, OperatorSignature[]> Load()
    {
        const string Resource = "AutLearn.Graph.Checking.operators.txt";
        using Stream stream = typeof(OperatorTable).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly lacks the resource '{Resource}'.");
        using var reader = new StreamReader(stream);
        var table = new Dictionary<string, List<OperatorSignature>>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            string[] words = line.Split(' ');
            if (!table.TryGetValue(words[0], out List<OperatorSignature>? versions))
                table.Add(words[0], versions = []);
            versions.Add(Parse(words));
        }

        return table.ToFrozenDictionary(t => t.Key, t => t.Value.ToArray(), StringComparer.Ordinal);
    }

    private static OperatorSignature Parse(string[] words)
    {
        int since = Number(words[1]);
        if (words[2] == "-")
            return new(since, true, 0, 0, 0, 0, FrozenDictionary<string, OperatorSignature.AttributeRule>.Empty);
        (int minInputs, int maxInputs) = Range(words[2]);
        (int minOutputs, int maxOutputs) = Range(words[3]);
        var attributes = new Dictionary<string, OperatorSignature.AttributeRule>(StringComparer.Ordinal);
        foreach (string word in words.AsSpan(4))
        {
            int colon = word.IndexOf(':', StringComparison.Ordinal);
            attributes.Add(word[..colon], new(KindOf(word[colon + 1]), word.EndsWith('!')));
        }

        return new(since, false, minInputs, maxInputs, minOutputs, maxOutputs, attributes.ToFrozenDictionary(StringComparer.Ordinal));
    }

    private static (int Min, int Max) Range(string text)
    {
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0)
            return (Number(text), Number(text));
        return (Number(text[..dash]), text[(dash + 1)..] == "*" ? int.MaxValue : Number(text[(dash + 1)..]));
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static AttributeKind KindOf(char letter) => letter switch
    {
        'i' => AttributeKind.Int,
        'f' => AttributeKind.Float,
        's' => AttributeKind.String,
        't' => AttributeKind.Tensor,
        'g' => AttributeKind.Graph,
        'I' => AttributeKind.Ints,
        'F' => AttributeKind.Floats,
        'S' => AttributeKind.Strings,
        'T' => AttributeKind.Tensors,
        'G' => AttributeKind.Graphs,
        'p' => AttributeKind.SparseTensor,
        'y' => AttributeKind.TypeProto,
        _ => throw new InvalidOperationException($"The operator table holds the unknown attribute kind '{letter}'."),
    };
}
