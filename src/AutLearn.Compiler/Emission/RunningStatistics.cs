using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>Switches batch normalisation to batch statistics and lets the running statistics follow them.</summary>
/// <remarks>
/// running' = m running + (1 - m) batch, where the batch's variance is the unbiased one, n / (n - 1) times the biased one that normalises;
/// ONNX's momentum m is one minus PyTorch's. Ioffe and Szegedy, arXiv:1502.03167.
/// </remarks>
internal static class RunningStatistics
{
    /// <summary>Rewrites every batch normalisation whose statistics are inputs.</summary>
    /// <returns>The next value of each buffer, by name.</returns>
    public static Dictionary<string, Value> Apply(HeadModel head)
    {
        var next = new Dictionary<string, Value>(StringComparer.Ordinal);
        OnnxGraph graph = head.Graph;
        foreach (Node node in graph.Nodes.Where(n => n.Is("BatchNormalization") && n.Input(3)!.IsInput && n.Input(4)!.IsInput).ToArray())
        {
            double momentum = node.GetFloat("momentum", 0.9f);
            Value x = node.Input(0)!, mean = node.Input(3)!, variance = node.Input(4)!;
            node.SetAttribute("training_mode", AttributeValue.Of(1L));

            GraphBuilder b = head.Builder;
            b.NameStem = node.DisplayName;

            // With momentum 0 the operator's own running outputs are the batch's mean and biased variance, whatever it is fed.
            // ONNX Runtime writes these outputs over the inputs they belong to, so it gets two temporaries of no other use.
            node.SetAttribute("momentum", AttributeValue.Of(0f));
            graph.SetInput(node, 3, b.Mul(mean, 0));
            graph.SetInput(node, 4, b.Mul(variance, 0));
            while (node.Outputs.Count < 3)
                graph.AddNodeOutput(node, graph.UniqueName($"{node.DisplayName}/batch_statistics")).Type = mean.Type;
            Value channels = b.CastLike(b.Op("Size", [mean]), x);
            Value count = b.Div(b.CastLike(b.Op("Size", [x]), x), channels);
            Value unbiased = b.Div(count, b.Op("Max", [b.Sub(count, b.One(count)), b.One(count)]));
            next[mean.Name] = b.Add(b.Mul(mean, momentum), b.Mul(node.Outputs[1]!, 1 - momentum));
            next[variance.Name] = b.Add(b.Mul(variance, momentum), b.Mul(node.Outputs[2]!, b.Mul(unbiased, 1 - momentum)));
        }

        return next;
    }
}
