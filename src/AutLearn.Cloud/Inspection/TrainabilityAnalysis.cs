using AutLearn.Compiler.Gradients;
using AutLearn.Graph;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Versions;

namespace AutLearn.Cloud.Inspection;

/// <summary>Finds out which parameters of a model gradients can reach, in the form of the model that the compiler differentiates.</summary>
internal sealed class TrainabilityAnalysis
{
    private const int NamedNodes = 4;

    private readonly OnnxModel _model;
    private readonly GradientRegistry _rules;
    private readonly ReverseDifferentiation _differentiation;

    /// <summary>Prepares a copy of the model: the rules are for the opset that the compiler raises models to.</summary>
    /// <exception cref="InvalidModelException">The model's opset cannot be raised.</exception>
    public TrainabilityAnalysis(OnnxModel model, GradientRegistry rules)
    {
        _model = model.Clone();
        _rules = rules;
        _differentiation = new ReverseDifferentiation(rules);
        OpsetUpgrade.Apply(_model);
        _model.Graph.SortTopologically();
        ShapeInference.Infer(_model);
    }

    /// <summary>Names what keeps a parameter from being trained.</summary>
    /// <returns>Null if it can be trained.</returns>
    public string? ObstacleFor(string parameterName)
    {
        Value parameter = _model.Graph.Initializers.First(v => v.Name == parameterName);
        if (parameter.Uses.All(u => u.Node.Is("BatchNormalization") && u.InputIndex >= 3))
            return "running statistics of a batch normalization: the forward pass updates them, no gradient does";
        List<string> missing = [];
        foreach (Value output in _model.Graph.Outputs.Distinct())
        {
            IReadOnlyList<string> unsupported = _differentiation.FindUnsupported(_model, output, [parameter]);
            if (unsupported.Count == 0 && ReachesWithGradient(parameter, output))
                return null;
            if (unsupported.Count > 0 && (missing.Count == 0 || unsupported.Count < missing.Count))
                missing = [.. unsupported];
        }

        return missing.Count == 0
            ? "no gradient flows from any output to it"
            : $"no gradient rule for {string.Join(", ", missing.Take(NamedNodes))}{(missing.Count > NamedNodes ? $" and {missing.Count - NamedNodes} more" : "")}";
    }

    private bool ReachesWithGradient(Value parameter, Value output)
    {
        var reached = new HashSet<Value> { parameter };
        foreach (Node node in _model.Graph.Nodes)
        {
            if (!node.Inputs.Any(i => i is not null && reached.Contains(i)))
                continue;
            long opset = _model.OpsetImports.GetValueOrDefault(node.Domain, 1);
            if (_rules.ZeroReason(node.Domain, node.OpType, opset) is null)
                reached.UnionWith(node.Outputs.OfType<Value>().Where(o => o.Type is null || o.ElementType.IsFloatingPoint()));
        }

        return reached.Contains(output);
    }
}
