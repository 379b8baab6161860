using AutLearn.Graph;

namespace AutLearn.Compiler.Passes;

/// <summary>Computes what depends on constants or on known sizes alone, within a <see cref="FoldingBudget"/>.</summary>
/// <remarks>Only results that are not much larger than what they were computed from are folded, so a model does not grow on disk.</remarks>
internal sealed class ConstantFolding : IPass
{
    // One for all rounds of a sequence of passes: what one round folds must not make room for the next.
    private FoldingBudget? _budget;
    private OnnxModel? _budgetOf;

    public string Name => "constant-folding";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        graph.SortTopologically();
        if (!ReferenceEquals(_budgetOf, model))
            (_budget, _budgetOf) = (new FoldingBudget(model), model);
        FoldingBudget budget = _budget!;
        var outputs = new HashSet<Value>(graph.Outputs);
        bool modified = false;
        foreach (Node node in graph.Nodes.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (node.Outputs.Count != 1 || node.Outputs[0] is not { } output || outputs.Contains(output))
                continue;
            if (ConstantEvaluator.Evaluate(node, budget.LimitFor(node)) is not { } tensor)
                continue;
            budget.Spend(node, tensor);
            Value constant = graph.AddInitializer(graph.UniqueName(output.Name), tensor);
            graph.ReplaceAllUses(output, constant);
            string name = output.Name;
            graph.Remove(node);
            graph.Rename(constant, name);
            modified = true;
        }

        return modified;
    }
}
