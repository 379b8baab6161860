using AutLearn.Compiler.Emission;
using AutLearn.Compiler.Optimizers;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.OrtTraining;

/// <summary>The official optimizer models: one multi-tensor operator over sequences of parameters, gradients and moments.</summary>
internal static class OrtOptimizerModel
{
    private const long Opset = 14;

    private static readonly string[] AdamWSequences = ["params", "gradients", "first_order_moments", "second_order_moments"];

    // TypeProto { sequence_type { elem_type { tensor_type { elem_type: FLOAT } } } }
    private static readonly byte[] FloatTensorSequence = [0x22, 0x06, 0x0A, 0x04, 0x0A, 0x02, 0x08, 0x01];

    /// <summary>Creates the model.</summary>
    /// <param name="optimizer">AdamW, or SGD without momentum and decay.</param>
    /// <param name="clipNorm">The largest norm of all gradients together; null for no limit.</param>
    /// <exception cref="AutLearnException">The official engine has no such optimizer.</exception>
    public static OnnxModel Create(Optimizer optimizer, double? clipNorm)
    {
        OptimizerSpec spec = optimizer.Spec;
        var graph = new OnnxGraph("optimizer");
        Node node = spec.Kind switch
        {
            "adamw" when spec is { Form: AdamWForm.Torch, SkipsBiasCorrection: true } => throw new AutLearnException("The official training engine corrects the bias of AdamW's means always in PyTorch's form. Choose transformers' form, or compile for the device."),
            "adamw" => AdamW(graph, spec, clipNorm),
            "sgd" when spec is { Momentum: 0, WeightDecay: 0 } => Sgd(graph, clipNorm),
            _ => throw new AutLearnException($"The official training engine has no counterpart of the optimizer {spec.Kind} with momentum {spec.Momentum} and weight decay {spec.WeightDecay}: it knows plain SGD and AdamW. Choose one of these, or compile for the device."),
        };
        graph.AddOutput(node.Output(0)!);
        var model = new OnnxModel(graph, Opset)
        {
            IrVersion = ModelEmission.IrVersionFor(Opset),
            ProducerVersion = ModelEmission.ProducerVersion,
        };
        model.OpsetImports = model.OpsetImports.Add("com.microsoft", 1);
        return model;
    }

    private static Node AdamW(OnnxGraph graph, OptimizerSpec spec, double? clipNorm)
    {
        Value rate = graph.AddInput("learning_rate", new TensorType(ElementType.Float32, new Shape(1)));
        Value step = graph.AddInput("step", new TensorType(ElementType.Int64, new Shape(1)));
        Value[] sequences = [.. AdamWSequences.Select(n => AddSequence(graph, n))];
        sequences[1] = Clipped(graph, sequences[1], clipNorm);
        Node node = graph.AddNode(
            "AdamWOptimizer",
            [rate, step, .. sequences],
            ["updated_flag"],
            [
                KeyValuePair.Create("alpha", AttributeValue.Of((float)spec.Beta1)),
                KeyValuePair.Create("beta", AttributeValue.Of((float)spec.Beta2)),
                KeyValuePair.Create("epsilon", AttributeValue.Of((float)spec.Epsilon)),
                KeyValuePair.Create("weight_decay", AttributeValue.Of((float)spec.WeightDecay)),
                KeyValuePair.Create("correct_bias", AttributeValue.Of(spec.SkipsBiasCorrection ? 0L : 1)),
                KeyValuePair.Create("adam_mode", AttributeValue.Of(spec.Form == AdamWForm.Torch ? 0L : 1)),
            ],
            "com.microsoft",
            "adamw");
        node.Output(0)!.Type = new TensorType(ElementType.Bool, new Shape(1));
        return node;
    }

    private static Node Sgd(OnnxGraph graph, double? clipNorm)
    {
        // The engine feeds the step and a moment whatever the optimizer, so they are inputs that no node reads.
        Value rate = graph.AddInput("learning_rate", new TensorType(ElementType.Float32, new Shape(1)));
        graph.AddInput("step", new TensorType(ElementType.Int64, new Shape(1)));
        Value parameters = AddSequence(graph, "params");
        Value gradients = AddSequence(graph, "gradients");
        AddSequence(graph, "first_order_moments");
        gradients = Clipped(graph, gradients, clipNorm);
        Node node = graph.AddNode("SGDOptimizerV2", [rate, parameters, gradients], ["updated_flag"], null, "com.microsoft", "sgd");

        // The engine's own output has no shape; declaring [1] makes it refuse the model.
        node.Output(0)!.Type = new TensorType(ElementType.Bool, null);
        return node;
    }

    // Multiplies by min(1, clip / (norm + 1e-6)), as the device artifacts do.
    private static Value Clipped(OnnxGraph graph, Value gradients, double? clipNorm)
    {
        if (clipNorm is not { } limit)
            return gradients;
        Node node = graph.AddNode("InplaceClipGradNorm", [gradients], ["clipped_gradients"], [new("max_norm", AttributeValue.Of((float)limit))], "com.microsoft", "clip");
        node.Output(0)!.OpaqueType = FloatTensorSequence;
        return node.Output(0)!;
    }

    private static Value AddSequence(OnnxGraph graph, string name)
    {
        Value value = graph.AddInput(name, null);
        value.OpaqueType = FloatTensorSequence;
        return value;
    }
}
