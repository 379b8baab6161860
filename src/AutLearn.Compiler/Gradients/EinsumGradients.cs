using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradient of Einsum.</summary>
internal static class EinsumGradients
{
    private const string Ellipsis = "...";

    // Each input's gradient reads all the others.
    private const int MostInputs = 64;

    public static void Register(GradientRegistry rules) => rules.Add("Einsum", sinceOpset: 12, Einsum);

    // y = einsum(x1, ..., xn)  =>  dxi = einsum(dy and the other inputs, to the labels of xi);
    // a label that only xi has was summed, so dxi repeats along it
    private static Value?[] Einsum(GradientContext g)
    {
        (string[] terms, string output) = Parse(g);
        var result = new Value?[g.InputCount];
        for (int i = 0; i < result.Length; i++)
        {
            if (g.NeedsGradient(i))
                result[i] = GradientOf(g, terms, output, i);
        }

        return result;
    }

    private static Value GradientOf(GradientContext g, string[] terms, string output, int index)
    {
        string[] sources = [output, .. terms.Where((_, i) => i != index)];
        Value[] values = [g.OutputGradient(0), .. terms.Select((_, i) => i).Where(i => i != index).Select(i => g.Finite(g.Input(i)))];
        // The driver sums the leading axes of an ellipsis that the input lacks or broadcasts.
        bool hasEllipsis = output.StartsWith(Ellipsis, StringComparison.Ordinal);
        string labels = terms[index].Replace(Ellipsis, "", StringComparison.Ordinal);
        string found = string.Concat(labels.Where(l => sources.Any(s => s.Contains(l, StringComparison.Ordinal))));
        string target = (hasEllipsis ? Ellipsis : "") + found;
        Value dx = g.Op("Einsum", values, ("equation", AttributeValue.Of($"{string.Join(',', sources)}->{target}")));
        if (found.Length < labels.Length)
        {
            long[] missing = [.. Enumerable.Range(0, labels.Length).Where(l => !found.Contains(labels[l], StringComparison.Ordinal)).Select(l => (long)(l - labels.Length))];
            dx = g.Builder.Expand(g.Op("Unsqueeze", [dx, g.Ints(missing)]), g.ShapeOf(g.Input(index)));
        }

        if (!hasEllipsis)
            dx.Type = g.Input(index).Type;
        return dx;
    }

    private static (string[] Terms, string Output) Parse(GradientContext g)
    {
        string equation = string.Concat(g.Node.GetString("equation", "").Where(c => !char.IsWhiteSpace(c)));
        string[] sides = equation.Split("->");
        string[] terms = sides[0].Split(',');
        string output = sides.Length > 1 ? sides[1] : ImplicitOutput(terms);
        bool isPlain = sides.Length <= 2
            && terms.Length == g.InputCount && terms.Length <= MostInputs
            && terms.Append(output).All(IsPlain)
            && (output.Contains(Ellipsis, StringComparison.Ordinal) || !equation.Contains(Ellipsis, StringComparison.Ordinal));
        return isPlain
            ? (terms, output)
            : throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' (Einsum with equation '{equation}': more than {MostInputs} inputs, a label twice in one term, or an ellipsis that is summed or not in front)"]);
    }

    // Labels that occur once, in alphabetical order, after the ellipsis.
    private static string ImplicitOutput(string[] terms)
    {
        string all = string.Concat(terms);
        string once = string.Concat(all.CountBy(c => c).Where(c => c is { Key: not '.', Value: 1 }).Select(c => c.Key).Order());
        return (all.Contains('.', StringComparison.Ordinal) ? Ellipsis : "") + once;
    }

    private static bool IsPlain(string term)
    {
        string labels = term.StartsWith(Ellipsis, StringComparison.Ordinal) ? term[Ellipsis.Length..] : term;
        return labels.All(char.IsAsciiLetter) && labels.Distinct().Count() == labels.Length;
    }
}
