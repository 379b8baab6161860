using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>Takes away the running statistics that batch normalisations out of training have no longer.</summary>
/// <remarks>The retired tool only switches <c>training_mode</c> off where it writes evaluation models; ONNX Runtime loads none whose nodes keep the outputs of that mode.</remarks>
internal sealed class EvaluationRepair : IPass
{
    public string Name => "evaluation-repair";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        Node[] broken = [.. graph.Nodes.Where(n => n.Is("BatchNormalization") && n.GetInt("training_mode", 0) == 0 && n.Outputs.Count > 1 && n.Outputs.Skip(1).All(o => o is null or { Uses.Count: 0, IsOutput: false }))];
        foreach (Node node in broken)
        {
            if (node.Output(0) is not { } output)
                continue;
            Node whole = graph.AddNode(node.OpType, node.Inputs, [graph.UniqueName(output.Name)], node.Attributes, node.Domain, node.Name);
            Value value = whole.Output(0)!;
            value.Type = output.Type;
            string name = output.Name;
            graph.ReplaceAllUses(output, value);
            graph.Remove(node);
            graph.Rename(value, name);
        }

        if (broken.Length > 0)
            graph.SortTopologically();
        return broken.Length > 0;
    }
}
