using System.Globalization;
using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;
using AutLearn.Graph.Versions;
using AutLearn.Testing.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AutLearn.Testing.Backend;

/// <summary>Reads, checks, writes, runs, infers and differentiates one backend test.</summary>
public sealed class BackendCheck
{
    private readonly GradientRegistry _rules;

    public BackendCheck(GradientRegistry rules) => _rules = rules;

    /// <summary>Checks a test.</summary>
    /// <param name="path">The file of its model, with the data beside it.</param>
    public BackendResult Run(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        string name = Path.GetFileNameWithoutExtension(path) is var file && file != "model" ? file : Path.GetFileName(folder);
        name = name.StartsWith("test_", StringComparison.Ordinal) ? name["test_".Length..] : name;
        string subject = Path.GetFileName(file == "model" ? Path.GetDirectoryName(folder)! : folder);
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            OnnxModel model;
            try
            {
                model = OnnxFile.Read(bytes, name, folder);
            }
            catch (AutLearnException refusal)
            {
                string? unknown = WhyNotRun(bytes);
                return new(name, subject, unknown is null ? BackendOutcome.Wrong : BackendOutcome.NotRun, unknown is null ? $"not read: {refusal.Message}" : $"neither read nor run: {refusal.Message}");
            }

            subject = SubjectOf(model) ?? subject;
            (BackendOutcome outcome, string detail) = Run(model, bytes, folder);
            return new(name, subject, outcome, detail);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return new(name, subject, BackendOutcome.Wrong, $"{error.GetType().Name}: {error.Message}");
        }
    }

    private (BackendOutcome Outcome, string Detail) Run(OnnxModel model, byte[] original, string folder)
    {
        string? whyNot = WhyNotRun(original);
        bool isOld = model.OpsetImports.GetValueOrDefault("", OnnxVersions.NewestOpset) < OnnxVersions.OldestRunOpset;
        if (isOld)
        {
            // ONNX Runtime does not promise to run these; raised ones must give what the test expects.
            try
            {
                OpsetUpgrade.Apply(model);
            }
            catch (AutLearnException refusal)
            {
                return (BackendOutcome.Refused, refusal.Message);
            }

            original = OnnxFile.ToBytes(model);
            whyNot = WhyNotRun(original);
        }

        string? problem = Problem(model);
        byte[] written = OnnxFile.ToBytes(model);
        if (whyNot is not null)
            return (BackendOutcome.NotRun, whyNot);
        if (problem is not null)
            return (BackendOutcome.Wrong, problem);
        if (model.Graph.Inputs.Concat(model.Graph.Outputs).Any(v => v.Type is null || v.ElementType == ElementType.String))
            return (BackendOutcome.NothingToDifferentiate, "takes or gives sequences, optional values or strings");

        var feeds = new Dictionary<string, Tensor>();
        Tensor[] inputs = BackendData.Read(folder, "input");
        Value[] fed = [.. model.Graph.Inputs.Where(i => i.Initializer is null)];
        for (int i = 0; i < fed.Length; i++)
            feeds[fed[i].Name] = i < inputs.Length ? inputs[i] : BackendData.Draw(fed[i]);

        IReadOnlyDictionary<string, Tensor> expected;
        using (var before = new OrtModel(original, GraphOptimizationLevel.ORT_DISABLE_ALL))
        {
            try
            {
                expected = before.Run(feeds);
            }
            catch (OnnxRuntimeException error)
            {
                return (BackendOutcome.NotRun, FirstLine(error));
            }
        }

        if (isOld && Unexpected(expected, [.. model.Graph.Outputs.Select(o => o.Name)], BackendData.Read(folder, "output")) is { } unexpected)
            return (BackendOutcome.Wrong, unexpected);
        bool isRandom = model.Graph.Nodes.Any(n => n.OpType is "RandomNormal" or "RandomUniform" or "RandomNormalLike" or "RandomUniformLike" or "Bernoulli" or "Multinomial" || (n.OpType == "Dropout" && n.Input(2) is not null));
        using (var after = new OrtModel(written, GraphOptimizationLevel.ORT_DISABLE_ALL))
        {
            IReadOnlyDictionary<string, Tensor> actual = after.Run(feeds);
            string? different = isRandom ? null : expected.Keys.FirstOrDefault(k => !expected[k].ContentEquals(actual[k]));
            if (different is not null)
                return (BackendOutcome.Wrong, $"output '{different}' differs after reading and writing");
        }

        if (WrongShape(model, feeds, expected) is { } contradiction)
            return (BackendOutcome.Wrong, contradiction);
        if (inputs.Length < fed.Length)
            return (BackendOutcome.NothingToDifferentiate, "a network whose weights are all equal: no slope of it stands out from rounding");
        return isRandom
            ? (BackendOutcome.NothingToDifferentiate, "draws random numbers")
            : new BackendGradient(_rules, model, feeds, expected).Check();
    }

    private static string? Unexpected(IReadOnlyDictionary<string, Tensor> found, string[] names, Tensor[] expected)
    {
        for (int i = 0; i < names.Length; i++)
        {
            double distance = BackendGradient.Farthest(BackendGradient.Numbers(expected[i]), BackendGradient.Numbers(found[names[i]]));
            if (!expected[i].Dimensions.AsSpan().SequenceEqual(found[names[i]].Dimensions.AsSpan()) || !(distance < 1e-4))
                return string.Create(CultureInfo.InvariantCulture, $"output '{names[i]}' of the raised model differs by {distance:E1} from what is expected");
        }

        return null;
    }

    private static string? WhyNotRun(byte[] model)
    {
        try
        {
            using var ort = new OrtModel(model, GraphOptimizationLevel.ORT_DISABLE_ALL);
            return null;
        }
        catch (OnnxRuntimeException error)
        {
            return FirstLine(error);
        }
    }

    private static string? Problem(OnnxModel model) =>
        ModelChecker.FindProblems(model) is [var first, ..] ? $"the checker finds: {first.Message}" : null;

    // Every value that ONNX Runtime can show, inner ones too, against what inference says of it.
    private static string? WrongShape(OnnxModel source, Dictionary<string, Tensor> feeds, IReadOnlyDictionary<string, Tensor> expected)
    {
        OnnxModel model = source.Clone();
        foreach (Value output in model.Graph.Outputs)
            output.Type = null;
        try
        {
            ShapeInference.Infer(model);
        }
        catch (AutLearnException error)
        {
            return $"shape inference refuses it: {error.Message}";
        }

        IReadOnlyDictionary<string, Tensor> found = expected;
        OnnxModel open = model.Clone();
        foreach (Value output in open.Graph.Outputs)
            output.Type = source.Graph.Find(output.Name)!.Type;
        foreach (Value value in open.Graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>().ToArray())
        {
            if (!value.IsOutput && value.ElementType is not (ElementType.Undefined or ElementType.String))
                open.Graph.AddOutput(value);
        }

        if (open.Graph.Outputs.Count > expected.Count)
        {
            try
            {
                using var ort = new OrtModel(open, GraphOptimizationLevel.ORT_DISABLE_ALL);
                found = ort.Run(feeds);
            }
            catch (OnnxRuntimeException)
            {
                // Some inner values cannot be shown.
            }
        }

        foreach ((string name, Tensor tensor) in found)
        {
            if (model.Graph.Find(name) is not { Type: { } type })
                continue;
            if (type.ElementType != ElementType.Undefined && type.ElementType != tensor.ElementType)
                return $"'{name}' is inferred as {type.ElementType} and is {tensor.ElementType}";
            if (type.Shape is { } shape && (shape.Rank != tensor.Dimensions.Length || shape.Where((d, i) => d.IsKnown && d.Size != tensor.Dimensions[i]).Any()))
                return $"'{name}' is inferred as {shape} and is [{string.Join(",", tensor.Dimensions)}]";
        }

        return null;
    }

    // The one operator of a test, besides constants.
    private static string? SubjectOf(OnnxModel model)
    {
        string[] operators = [.. model.Graph.Nodes.Where(n => n.OpType != "Constant").Select(n => (n.Domain is "" or "ai.onnx" ? "" : n.Domain + ".") + n.OpType).Distinct()];
        return operators.Length == 1 ? operators[0] : null;
    }

    private static string FirstLine(OnnxRuntimeException error) => error.Message.Split('\n')[0];
}
