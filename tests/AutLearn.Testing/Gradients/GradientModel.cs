using System.Globalization;
using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Graph.Checking;
using AutLearn.Graph.Inference;

namespace AutLearn.Testing.Gradients;

/// <summary>The model of a case with a scalar loss and its gradients as outputs.</summary>
/// <remarks>
/// loss = sum over outputs o and elements i of sin(1.7 i + o + 1) y[o][i]: fixed weights of all sizes and both signs, computed in
/// the graph, so that they need no shape known beforehand.
/// </remarks>
public sealed class GradientModel
{
    private GradientModel(OnnxModel model, IReadOnlyList<string> inputNames)
    {
        Model = model;
        InputNames = inputNames;
    }

    public OnnxModel Model { get; }

    /// <summary>Gets the model's name for each input of the case; empty where it is left out.</summary>
    public IReadOnlyList<string> InputNames { get; }

    public static string LossName => "loss";

    public static string GradientName(int input) => string.Create(CultureInfo.InvariantCulture, $"gradient{input}");

    /// <summary>The weight of an element in the loss.</summary>
    public static double Weight(int output, long element) => Math.Sin((1.7 * element) + output + 1);

    /// <summary>Builds the model.</summary>
    /// <param name="row">The case.</param>
    /// <param name="style">How the inputs declare their dimensions.</param>
    /// <param name="rules">The gradient rules.</param>
    /// <param name="only">The one input to differentiate by; all that the case names if null.</param>
    public static GradientModel Create(GradientCase row, DimensionStyle style, GradientRegistry rules, int? only = null)
    {
        var model = new OnnxModel(new OnnxGraph("case"), row.Opset);
        if (row.Domain.Length > 0)
            model.OpsetImports = model.OpsetImports.SetItem(row.Domain, 1);
        var graph = new ForwardGraph(model);
        var inputs = new List<Value?>();
        for (int i = 0; i < row.Inputs.Length; i++)
            inputs.Add(AddInput(model.Graph, row, i, style));

        IReadOnlyList<Value> outputs = row.Build is { } build
            ? build(graph, inputs)
            : graph.Ops(row.Domain, row.OpType, row.OutputCount, inputs, [.. row.Attributes]);
        Value loss = AddLoss(graph, outputs, row.ElementType);
        model.Graph.Rename(loss, LossName);
        model.Graph.AddOutput(loss);
        AddGradients(model, row, inputs, loss, rules, only);
        ModelChecker.Check(model);
        return new GradientModel(model, [.. inputs.Select(v => v?.Name ?? "")]);
    }

    private static Value? AddInput(OnnxGraph graph, GradientCase row, int index, DimensionStyle style)
    {
        CaseInput input = row.Inputs[index];
        string name = string.Create(CultureInfo.InvariantCulture, $"x{index}");
        if (input.Place == CaseInputPlace.Absent)
            return null;
        if (input.Place == CaseInputPlace.Initializer)
            return graph.AddInitializer(name, input.Literal ?? CaseData.Draw(row, index, seed: 0));
        var dimensions = new Dimension[input.Dimensions.Length];
        for (int a = 0; a < dimensions.Length; a++)
        {
            long size = input.Dimensions[a];
            bool mayVary = input.SymbolicAxes?.Contains(a) ?? true;
            dimensions[a] = style switch
            {
                DimensionStyle.Symbolic when mayVary && size != 1 => string.Create(CultureInfo.InvariantCulture, $"n{size}"),
                DimensionStyle.Unrelated when mayVary => string.Create(CultureInfo.InvariantCulture, $"{name}_{a}"),
                _ => size,
            };
        }

        return graph.AddInput(name, new TensorType(input.Literal?.ElementType ?? row.ElementType, new Shape(dimensions)));
    }

    /// <summary>Adds the weighted sum of outputs, computed in one element type.</summary>
    internal static Value AddLoss(ForwardGraph graph, IReadOnlyList<Value> outputs, ElementType type)
    {
        Value? loss = null;
        for (int o = 0; o < outputs.Count; o++)
        {
            Value y = outputs[o];
            Value count = graph.Op("Size", [y]);
            Value positions = graph.Op("Cast", [graph.Op("Range", [graph.Constant(Tensor.Scalar(0L)), count, graph.Constant(Tensor.Scalar(1L))])], ("to", AttributeValue.Of((long)ElementType.Float64)));
            Value phases = graph.Op("Add", [graph.Op("Mul", [positions, graph.Constant(Tensor.Scalar(1.7))]), graph.Constant(Tensor.Scalar(o + 1d))]);
            Value weights = graph.Op("Reshape", [graph.Op("Cast", [graph.Op("Sin", [phases])], ("to", AttributeValue.Of((long)type))), graph.Op("Shape", [y])]);
            Value converted = y.ElementType == type ? y : graph.Op("Cast", [y], ("to", AttributeValue.Of((long)type)));
            weights.Type = converted.Type;
            Value part = graph.Op("ReduceSum", [graph.Op("Mul", [converted, weights])], ("keepdims", AttributeValue.Of(0L)));
            loss = loss is null ? part : graph.Op("Add", [loss, part]);
        }

        return loss ?? throw new ArgumentException("The case has no output.");
    }

    private static void AddGradients(OnnxModel model, GradientCase row, List<Value?> inputs, Value loss, GradientRegistry rules, int? only)
    {
        var targets = new List<Value>();
        for (int i = 0; i < inputs.Count; i++)
        {
            if (row.Inputs[i].Place == CaseInputPlace.Differentiated && i == (only ?? i))
                targets.Add(inputs[i]!);
        }

        IReadOnlyDictionary<Value, Value> gradients = new ReverseDifferentiation(rules).Differentiate(model, loss, targets);
        for (int i = 0; i < inputs.Count; i++)
        {
            if (inputs[i] is not { } input || !gradients.TryGetValue(input, out Value? gradient))
                continue;

            // Two inputs may share one gradient, as those of Add do, and names are one each.
            Node node = model.Graph.AddNode("Identity", [gradient], [GradientName(i)]);
            ShapeInference.InferNode(node, model.Opset);
            model.Graph.AddOutput(node.Outputs[0]!);
        }
    }
}
