using AutLearn.Compiler.Passes;
using AutLearn.Graph;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Preparation;

/// <summary>Puts the one branch that an If takes in its place where the condition follows from constants and known sizes.</summary>
/// <remarks>Before parameters are chosen, since weights may stand in the branch: what decides is computed in a copy, in which everything may be folded.</remarks>
internal sealed class BranchInlining : IPass
{
    public string Name => "branches";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        bool modified = false;
        while (model.Graph.Nodes.Any(n => n.Is("If")) && Decided(model, cancellationToken) is { Count: > 0 } decided)
        {
            foreach ((Node node, bool takesThen) in decided)
                BranchSelection.Take(node, takesThen);
            model.Graph.SortTopologically();
            new ConstantNodeLifting().Run(model, cancellationToken);
            modified = true;
        }

        return modified;
    }

    private static List<(Node Node, bool TakesThen)> Decided(OnnxModel model, CancellationToken cancellationToken)
    {
        OnnxModel folded = model.Clone();
        try
        {
            ShapeInference.Infer(folded, DeclaredShapes.Hints, cancellationToken);
        }
        catch (InvalidModelException)
        {
            // Sizes that a fixed batch contradicts settle nothing here; they are freed later.
        }

        new ConstantFolding().Run(folded, cancellationToken);
        var decided = new List<(Node, bool)>();
        foreach (Node node in model.Graph.Nodes.Where(n => n.Is("If")))
        {
            Node? same = node.Outputs.OfType<Value>().Select(o => folded.Graph.Find(o.Name)?.Producer).FirstOrDefault();
            if (same?.Input(0)?.Initializer is { ElementType: ElementType.Bool, Count: 1 } condition)
                decided.Add((node, condition.Span<bool>()[0]));
        }

        return decided;
    }
}
