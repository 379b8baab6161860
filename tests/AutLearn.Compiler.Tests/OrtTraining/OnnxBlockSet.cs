using System.Collections.Immutable;
using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Optimizers;
using AutLearn.Compiler.OrtTraining;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Inference;
using AutLearn.Graph.Serialization;

namespace AutLearn.Compiler.Tests.OrtTraining;

/// <summary>A set in the form of the retired Python tool (<c>generate_artifacts</c>): its names, its loss nodes, its order of inputs and outputs.</summary>
internal sealed class OnnxBlockSet
{
    private readonly OnnxModel _base;
    private int _unique;

    /// <summary>Creates a set around a network.</summary>
    /// <param name="network">The network; the loss reads its first output.</param>
    public OnnxBlockSet(OnnxModel network)
    {
        _base = network.Clone();
        ShapeInference.Infer(_base);
    }

    /// <summary>Gets what is trained.</summary>
    public required string[] RequiresGrad { get; init; }

    /// <summary>Gets what the checkpoint holds as frozen; everything else stays a constant of the models.</summary>
    public string[] FrozenParams { get; init; } = [];

    /// <summary>Gets what writes the loss, from the scores to a value, and adds the inputs that it reads.</summary>
    public required Func<OnnxBlockSet, OnnxGraph, Value, Value> Loss { get; init; }

    /// <summary>Gets the optimizer.</summary>
    public required Optimizer Optimizer { get; init; }

    public double? ClipNorm { get; init; }

    /// <summary>Gets more outputs of the models, behind the loss.</summary>
    public string[] AdditionalOutputs { get; init; } = [];

    public OfficialCheckpoint Checkpoint => new() { Trainable = Of(RequiresGrad), Frozen = Of(FrozenParams) };

    /// <summary>Writes the four files.</summary>
    public void Save(string folder, OfficialCheckpoint? checkpoint = null, string prefix = "")
    {
        OnnxFile.Write(Evaluation(), Path.Combine(folder, prefix + OrtTrainingArtifacts.EvaluationFile));
        OnnxFile.Write(Training(), Path.Combine(folder, prefix + OrtTrainingArtifacts.TrainingFile));
        OnnxFile.Write(OrtOptimizerModel.Create(Optimizer, ClipNorm), Path.Combine(folder, prefix + OrtTrainingArtifacts.OptimizerFile));
        File.WriteAllBytes(Path.Combine(folder, prefix + OrtTrainingArtifacts.CheckpointFile), (checkpoint ?? Checkpoint).ToBytes());
    }

    public OnnxModel Evaluation()
    {
        OnnxModel model = Forward(out _);
        MoveInitializersToInputs(model.Graph);
        return model;
    }

    public OnnxModel Training()
    {
        OnnxModel model = Forward(out Value loss);
        OnnxGraph graph = model.Graph;
        ShapeInference.Infer(model);

        // The tool reduces with kept dimensions; a scalar is what differentiation starts from.
        Value scalar = loss.Shape!.Rank == 0 ? loss : graph.AddNode("Squeeze", [loss], [Name("squeezed")]).Output(0)!;
        ShapeInference.Infer(model);
        Value[] parameters = [.. RequiresGrad.Select(p => graph.Find(p)!)];
        IReadOnlyDictionary<Value, Value> gradients = new ReverseDifferentiation(GradientRegistry.CreateDefault()).Differentiate(model, scalar, parameters);
        MoveInitializersToInputs(graph);
        var buffers = new List<(Value Parameter, Value Gradient)>();
        foreach (Value parameter in parameters)
        {
            Value gradient = graph.AddNode("Identity", [gradients[parameter]], [$"{parameter.Name}_grad"]).Output(0)!;
            gradient.Type = parameter.Type;
            buffers.Add((graph.AddInput($"{parameter.Name}_grad.accumulation.buffer", parameter.Type), gradient));
        }

        Value reset = graph.AddInput("lazy_reset_grad", new TensorType(ElementType.Bool, new Shape(1)));
        for (int i = 0; i < buffers.Count; i++)
        {
            (Value buffer, Value gradient) = buffers[i];
            Node accumulator = graph.AddNode("InPlaceAccumulatorV2", [buffer, gradient, reset], [$"{gradient.Name}.accumulation.out"], null, "com.microsoft", $"GradientAccumulator{i}");
            accumulator.Output(0)!.Type = new TensorType(ElementType.Bool, new Shape(1));
            graph.AddOutput(accumulator.Output(0)!);
        }

        model.OpsetImports = model.OpsetImports.SetItem("com.microsoft", 1);
        return model;
    }

    /// <summary>Gets a name as the tool makes them.</summary>
    public string Name(string stem) => $"onnx::{stem}::{++_unique}";

    private OnnxModel Forward(out Value loss)
    {
        // Both models name the loss alike.
        _unique = 0;
        OnnxModel model = _base.Clone();
        OnnxGraph graph = model.Graph;
        Value scores = graph.Outputs[0];
        graph.ClearOutputs();
        loss = Loss(this, graph, scores);
        graph.AddOutput(loss);
        foreach (string name in AdditionalOutputs)
            graph.AddOutput(graph.Find(name)!);
        ShapeInference.Infer(model);
        return model;
    }

    private void MoveInitializersToInputs(OnnxGraph graph)
    {
        foreach (string name in RequiresGrad.Concat(FrozenParams))
            graph.MakeInput(graph.Find(name)!);
    }

    private ImmutableSortedDictionary<string, Tensor> Of(string[] names) =>
        names.ToImmutableSortedDictionary(n => n, n => _base.Graph.Find(n)!.Initializer!, StringComparer.Ordinal);
}
