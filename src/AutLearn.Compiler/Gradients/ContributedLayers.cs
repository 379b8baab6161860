using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Layers that ONNX Runtime's optimizer puts together, taken apart again.</summary>
internal static class ContributedLayers
{
    private const string Domain = "com.microsoft";

    private static readonly string[] ConvolutionAttributes = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];

    private static readonly string[] ProductAttributes = ["alpha", "beta", "transA", "transB"];

    public static void Register(GradientRegistry rules)
    {
        rules.AddComposed("FusedConv", sinceOpset: 1, FusedConv, Domain);
        rules.AddComposed("FusedGemm", sinceOpset: 1, FusedGemm, Domain);
        rules.AddComposed("SimplifiedLayerNormalization", sinceOpset: 1, SimplifiedLayerNormalization);
        rules.AddComposed("SkipSimplifiedLayerNormalization", sinceOpset: 1, SkipSimplifiedLayerNormalization, Domain);
        rules.AddComposed("EmbedLayerNormalization", sinceOpset: 1, EmbedLayerNormalization, Domain);
    }

    // y = activation(conv(x, w) + b + z)
    private static Value?[] FusedConv(GradientContext g)
    {
        Value y = g.Op("Conv", [g.Input(0), g.Input(1), g.OptionalInput(2)], Attributes(g, ConvolutionAttributes));
        if (g.OptionalInput(3) is { } added)
            y = g.Add(y, added);
        float[] parameters = g.Node.GetFloats("activation_params") is { } given ? [.. given] : [];
        return [Activate(g, y, parameters)];
    }

    // y = activation(alpha A' B' + beta C)
    private static Value?[] FusedGemm(GradientContext g)
    {
        Value y = g.Op("Gemm", [g.Input(0), g.Input(1), g.OptionalInput(2)], Attributes(g, ProductAttributes));
        float[] parameters = [.. ((string[])["activation_alpha", "activation_beta"]).Where(g.Node.Attributes.ContainsKey).Select(a => g.Node.GetFloat(a, 0))];
        return [Activate(g, y, parameters)];
    }

    private static (string, AttributeValue)[] Attributes(GradientContext g, string[] names) =>
        [.. g.Node.Attributes.Where(a => names.Contains(a.Key)).Select(a => (a.Key, a.Value))];

    private static Value Activate(GradientContext g, Value x, float[] parameters)
    {
        string activation = g.Node.GetString("activation", "");
        switch (activation)
        {
            case "":
                return x;
            case "Relu" or "Sigmoid" or "Tanh" or "Softplus" or "Softsign":
                return g.Op(activation, [x]);
            case "LeakyRelu" or "Elu" or "ThresholdedRelu":
                return parameters.Length > 0 ? g.Op(activation, [x], ("alpha", AttributeValue.Of(parameters[0]))) : g.Op(activation, [x]);
            case "HardSigmoid":
                return parameters.Length > 1
                    ? g.Op(activation, [x], ("alpha", AttributeValue.Of(parameters[0])), ("beta", AttributeValue.Of(parameters[1])))
                    : g.Op(activation, [x]);
            case "Clip" when parameters.Length > 1:
                return g.Op(activation, [x, g.Scalar(x, parameters[0]), g.Scalar(x, parameters[1])]);
            default:
                throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' ({g.Node.OpType} with activation '{activation}')"]);
        }
    }

    // y = x r scale, r = 1 / sqrt(mean x^2 + epsilon) over the axes from `axis` on; r is output 1
    private static Value?[] SimplifiedLayerNormalization(GradientContext g)
    {
        Value x = g.Input(0);
        int rank = g.RankOf(x), axis = g.AxisOf(g.Node.GetInt("axis", -1), rank);
        Value axes = g.Ints([.. Enumerable.Range(axis, rank - axis).Select(i => (long)i)]);
        (Value y, Value r) = ComposedNormalizations.Scaled(g, x, axes, g.Node.GetFloat("epsilon", 1e-5f), g.Input(1));
        return [y, r];
    }

    // s = input + skip + bias, y = s r gamma, r = 1 / sqrt(mean s^2 + epsilon) over the last axis; r is output 2, s output 3
    private static Value?[] SkipSimplifiedLayerNormalization(GradientContext g)
    {
        Value s = g.Add(g.Input(0), g.Input(1));
        if (g.OptionalInput(3) is { } bias)
            s = g.Add(s, bias);
        (Value y, Value r) = ComposedNormalizations.Scaled(g, s, g.Ints(-1), g.Node.GetFloat("epsilon", 1e-12f), g.Input(2));
        return [y, null, r, s];
    }

    // s = words + positions + segments, y = s normalised over the last axis; the lengths of the masks are output 1, s output 2
    private static Value?[] EmbedLayerNormalization(GradientContext g)
    {
        Value ids = g.Input(0);
        Value steps = ids.Shape is { Rank: 2 } shape && shape[1].IsKnown ? g.Int(shape[1].Size) : g.Op("Squeeze", [g.Builder.SizeOf(ids, 1), g.Ints(0)]);
        Value positions = g.OptionalInput(8) ?? g.Op("Range", [g.Int(0), steps, g.Int(1)]);
        Value s = g.Add(g.Op("Gather", [g.Input(2), ids]), g.Op("Gather", [g.Input(3), positions]));
        if (g.OptionalInput(1) is { } segments && g.OptionalInput(4) is { } segmentTable)
            s = g.Add(s, g.Op("Gather", [segmentTable, segments]));
        Value y = g.Op(
            "LayerNormalization",
            [s, g.Input(5), g.OptionalInput(6)],
            ("axis", AttributeValue.Of(-1L)),
            ("epsilon", AttributeValue.Of(g.Node.GetFloat("epsilon", 1e-12f))));
        Value? lengths = null;
        if (g.Node.Output(1) is not null)
        {
            lengths = g.OptionalInput(7) is { } mask
                ? g.Builder.ReduceSum(mask, 1)
                : g.Op("ConstantOfShape", [g.Builder.SizeOf(ids, 0)], ("value", AttributeValue.Of(Tensor.Vector(0))));
        }

        return [y, lengths, s];
    }
}
