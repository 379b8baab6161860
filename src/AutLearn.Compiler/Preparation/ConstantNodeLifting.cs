using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Turns Constant nodes of the main graph into initializers of the same name, and initialised inputs into plain constants.</summary>
internal sealed class ConstantNodeLifting : IPass
{
    public string Name => "constant-nodes";

    public bool Run(OnnxModel model, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        bool modified = false;
        foreach (Value value in graph.Inputs.Where(v => v.Initializer is not null).ToArray())
        {
            graph.MakeConstant(value);
            modified = true;
        }

        foreach (Node node in graph.Nodes.Where(n => n.Is("Constant")).ToArray())
        {
            if (node.Output(0) is not { } output || ValueOf(node) is not { } tensor)
                continue;
            Value constant = graph.AddInitializer(graph.UniqueName(output.Name), tensor);
            graph.ReplaceAllUses(output, constant);
            string name = output.Name;
            graph.Remove(node);
            graph.Rename(constant, name);
            modified = true;
        }

        return modified;
    }

    private static Tensor? ValueOf(Node node)
    {
        foreach ((string name, AttributeValue value) in node.Attributes)
        {
            switch (name)
            {
                case "value":
                    return value.Tensor;
                case "value_float":
                    return Tensor.Scalar(value.Float);
                case "value_floats":
                    return Tensor.Vector(value.Floats.AsSpan());
                case "value_int":
                    return Tensor.Scalar(value.Int);
                case "value_ints":
                    return Tensor.Vector(value.Ints.AsSpan());
            }
        }

        return null;
    }
}
