using System.Globalization;
using System.Text.RegularExpressions;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Serialization;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Graph.Tests.Checking;

/// <summary>Asks ONNX Runtime, whose errors name the legal counts and attributes, about every line of the operator table.</summary>
[Trait("Category", "Conformance")]
public sealed partial class OperatorTableTests
{
    // ONNX Runtime turns Constant nodes into initializers before it checks them, and has forms of the others from before
    // ONNX adopted them. SimplifiedLayerNormalization, its own, takes any attribute.
    private static readonly string[] Unchecked = ["Constant", "LayerNormalization", "SimplifiedLayerNormalization"];
    private static readonly string[] Earlier = ["LayerNormalization", "MeanVarianceNormalization", "ThresholdedRelu"];

    [Fact]
    public void Table_EverySignature_AgreesWithOnnxRuntime()
    {
        var differences = new List<string>();
        foreach ((string op, OperatorSignature[] versions) in OperatorTable.All.Where(o => !Unchecked.Contains(o.Key)).OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            for (int v = 0; v < versions.Length; v++)
            {
                // The last version before the next signature: a change that the table missed shows up there.
                int first = Math.Max(versions[v].SinceVersion, (int)OnnxVersions.OldestRunOpset);
                int last = v + 1 < versions.Length ? versions[v + 1].SinceVersion - 1 : (int)OnnxVersions.NewestOpset;
                foreach (int opset in new[] { first, last }.Distinct())
                    Compare(op, versions[v], opset, differences);
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    [Fact]
    public void Table_BeforeItsFirstVersion_OnnxRuntimeDoesNotKnowTheOperator()
    {
        var differences = new List<string>();
        foreach ((string op, OperatorSignature[] versions) in OperatorTable.All)
        {
            if (!Earlier.Contains(op) && versions[0].SinceVersion > OnnxVersions.OldestRunOpset && !IsUnknown(Error(op, versions[0].SinceVersion - 1, 1, 1, [])))
                differences.Add(op);
        }

        Assert.Empty(differences);
    }

    private static void Compare(string op, OperatorSignature signature, int opset, List<string> differences)
    {
        string where = $"{op} at {opset}";
        if (signature.IsWithdrawn)
        {
            string text = Error(op, opset, 1, 1, []);
            if (!IsUnknown(text) && !text.Contains("deprecated", StringComparison.OrdinalIgnoreCase))
                differences.Add($"{where}: not withdrawn: {text}");
            return;
        }

        string counts = Error(op, opset, signature.MinInputs == 0 ? 30 : 0, 1, []);
        if (IsUnknown(counts))
        {
            differences.Add($"{where}: unknown");
            return;
        }

        // Variadic inputs have no upper end that could be exceeded.
        if (signature.MinInputs > 0 || signature.MaxInputs < 30)
            CompareRange(where, "input", counts, signature.MinInputs, signature.MaxInputs, differences);
        int inputs = Math.Max(1, signature.MinInputs) > signature.MaxInputs ? 0 : Math.Max(signature.MinInputs, 0);
        if (signature.MaxOutputs < 30)
            CompareRange(where, "output", Error(op, opset, inputs, 40, []), signature.MinOutputs, signature.MaxOutputs, differences);
        else if (signature.MinOutputs > 0)
            CompareRange(where, "output", Error(op, opset, inputs, 0, []), signature.MinOutputs, signature.MaxOutputs, differences);

        // All attributes at once: none may be unknown or of another kind; each required one must be missed.
        int outputs = Math.Max(1, signature.MinOutputs);
        (string Name, AttributeKind Kind)[] all = [.. signature.Attributes.Select(a => (a.Key, a.Value.Kind))];
        string complete = Error(op, opset, inputs, outputs, all);
        if (AttributeError().IsMatch(complete))
            differences.Add($"{where}: {complete}");
        foreach ((string name, OperatorSignature.AttributeRule rule) in signature.Attributes)
        {
            string without = Error(op, opset, inputs, outputs, [.. all.Where(a => a.Name != name)]);
            if (without.Contains($"Required attribute '{name}'", StringComparison.Ordinal) != rule.IsRequired)
                differences.Add($"{where}: attribute {name} required: {!rule.IsRequired}");
        }

        string bogus = Error(op, opset, inputs, outputs, [.. all, ("zzz", AttributeKind.Int)]);
        if (!bogus.Contains("Unrecognized attribute: zzz", StringComparison.Ordinal))
            differences.Add($"{where}: expected an unrecognized attribute: {bogus}");
    }

    private static void CompareRange(string where, string what, string error, int min, int max, List<string> differences)
    {
        Match match = Range().Match(error);
        if (!match.Success || match.Groups[1].Value != what)
        {
            differences.Add($"{where}: no {what} range: {error}");
            return;
        }

        int foundMin = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
        int foundMax = int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture);
        if ((foundMin, foundMax) != (min, max))
            differences.Add($"{where}: {what} {foundMin} to {foundMax}, not {min} to {max}");
    }

    private static bool IsUnknown(string error) =>
        error.Contains("is not a registered function/op", StringComparison.Ordinal) || error.Contains("No Op registered for", StringComparison.Ordinal);

    private static string Error(string op, int opset, int inputs, int outputs, (string Name, AttributeKind Kind)[] attributes)
    {
        var graph = new OnnxGraph("g");
        var type = new TensorType(ElementType.Float32, null);
        Value x = graph.AddInput("x", type);
        Node node = graph.AddNode(
            op,
            Enumerable.Repeat(x, inputs),
            Enumerable.Range(0, outputs).Select(i => $"y{i}"),
            attributes.Select(a => KeyValuePair.Create(a.Name, Sample(a.Kind))),
            name: "n");
        if (outputs > 0)
            graph.AddOutput(node.Output(0)!);
        else
            graph.AddOutput(graph.AddNode("Identity", [x], ["z"]).Output(0)!);
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        try
        {
            using var session = new InferenceSession(OnnxFile.ToBytes(new OnnxModel(graph, opset)), options);
            return "";
        }
        catch (OnnxRuntimeException e)
        {
            return e.Message;
        }
    }

    private static AttributeValue Sample(AttributeKind kind) => kind switch
    {
        AttributeKind.Int => AttributeValue.Of(1L),
        AttributeKind.Float => AttributeValue.Of(1f),
        AttributeKind.String => AttributeValue.Of("s"),
        AttributeKind.Ints => AttributeValue.Of(1L, 1L),
        AttributeKind.Floats => AttributeValue.Of(1f, 1f),
        AttributeKind.Strings => AttributeValue.Of("s", "t"),
        AttributeKind.Tensor => AttributeValue.Of(Tensor.Scalar(1f)),
        AttributeKind.Graph => AttributeValue.Of(Subgraph()),
        AttributeKind.TypeProto => AttributeValue.OfEncoded(kind, [new byte[] { 0x0A, 0x02, 0x08, 0x01 }]),
        AttributeKind.SparseTensor => AttributeValue.OfEncoded(kind, [Array.Empty<byte>()]),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static OnnxGraph Subgraph()
    {
        var graph = new OnnxGraph("s");
        graph.AddOutput(graph.AddNode("Constant", [], ["c"], [KeyValuePair.Create("value", AttributeValue.Of(Tensor.Scalar(1f)))]).Output(0)!);
        return graph;
    }

    [GeneratedRegex(@"has (input|output) size \d+ not in range \[min=(\d+), max=(\d+)\]")]
    private static partial Regex Range();

    [GeneratedRegex("Unrecognized attribute|Mismatched attribute type|Required attribute")]
    private static partial Regex AttributeError();
}
