using System.Collections.Immutable;
using AutLearn.Compiler.Emission;
using AutLearn.Compiler.Gradients;
using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts.Official;

namespace AutLearn.Compiler.OrtTraining;

/// <summary>Compiles the official artifact set: the same loss and gradients as the device artifacts, in the retired engine's form.</summary>
/// <remarks>
/// The engine finds things by name: <c>P_grad.accumulation.buffer</c> is the gradient buffer of parameter P, <c>lazy_reset_grad</c> clears
/// the buffers, and every other input that the checkpoint does not hold belongs to the user. Stateless; safe for use by several threads.
/// </remarks>
public static class OrtTrainingCompiler
{
    /// <summary>The newest opset that engine 1.19 reads.</summary>
    public const long NewestOpset = 21;

    private const string ResetInput = "lazy_reset_grad";

    /// <summary>Compiles a model.</summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="options">As for the device artifacts. The optimizer must be plain SGD or AdamW.</param>
    /// <param name="cancellationToken">Checked at each node.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="AutLearnException">The model is malformed, or it or an option has no counterpart in the official set.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static OrtTrainingArtifacts Compile(OnnxModel model, CompileOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        PreparedModel prepared = ModelPreparation.Prepare(model, options, cancellationToken);
        Refuse(prepared, options);
        ImmutableSortedDictionary<string, Tensor> frozen = FrozenParameters(prepared.Model.Graph);
        var naming = new ArtifactNaming(prepared.Model.Graph);
        return new(
            Training(prepared, frozen, naming, options, cancellationToken),
            Evaluation(prepared, frozen, naming, options, cancellationToken),
            OrtOptimizerModel.Create(options.Optimizer, options.ClipNorm),
            new OfficialCheckpoint
            {
                Trainable = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, prepared.Trainable.Select(t => KeyValuePair.Create(t, prepared.Initial[t]))),
                Frozen = frozen,
            });
    }

    private static void Refuse(PreparedModel prepared, CompileOptions options)
    {
        if (prepared.Model.Opset > NewestOpset)
            throw new AutLearnException($"The model is of opset {prepared.Model.Opset}; the official training engine 1.19 reads opset {NewestOpset} at most. Export the model with an older opset.");
        if (options.AccumulationSteps > 1)
            throw new AutLearnException("The official engine accumulates gradients by itself, as long as the app does not reset them. Compile without accumulation.");
        if (prepared.Buffers.Length > 0)
            throw new AutLearnException("The official training engine never updates the running statistics of batch normalisation. Compile for the device, or keep them frozen.");
        if (options.TrainingDropout)
            throw new AutLearnException("The official target trains without dropout here: the engine has no seed input. Compile for the device, or leave it out.");
        foreach ((string name, Tensor tensor) in prepared.Initial)
        {
            if (tensor.ElementType != ElementType.Float32)
                throw new AutLearnException($"Parameter '{name}' is {tensor.ElementType}; the official optimizers train Float32. Freeze it.");
        }
    }

    // A constant of more than one element that a frozen layer reads; lone numbers stay in the graph.
    private static ImmutableSortedDictionary<string, Tensor> FrozenParameters(OnnxGraph graph) => graph.Initializers
        .Where(v => v.IsConstant && v.ElementType == ElementType.Float32 && v.Initializer!.Count > 1)
        .ToImmutableSortedDictionary(v => v.Name, v => v.Initializer!, StringComparer.Ordinal);

    private static OnnxModel Training(PreparedModel prepared, ImmutableSortedDictionary<string, Tensor> frozen, ArtifactNaming naming, CompileOptions options, CancellationToken cancellationToken)
    {
        (OnnxModel model, LossTerms terms, Value scores, Value labels) = WithLoss(prepared, naming, options);
        OnnxGraph graph = model.Graph;
        Value[] trainable = [.. prepared.Trainable.Select(p => graph.Find(p)!)];
        IReadOnlyDictionary<Value, Value> gradients = new ReverseDifferentiation(options.GradientRegistry)
            .Differentiate(model, [new(scores, terms.ScoresGradient)], trainable, cancellationToken);
        string[] missing = [.. trainable.Where(p => !gradients.ContainsKey(p)).Select(p => $"'{p.Name}'")];
        if (missing.Length > 0)
            throw new AutLearnException($"No gradient reaches the trainable parameters {string.Join(", ", missing)}. Freeze them.");

        graph.ClearOutputs();
        LossOutputs.AddLoss(graph, terms, naming);
        Value reset = graph.AddInput(ResetInput, new TensorType(ElementType.Bool, new Shape(1)));
        var buffers = new List<string>();
        foreach (Value parameter in trainable)
        {
            string gradient = $"{parameter.Name}_grad";
            Value buffer = graph.AddInput($"{gradient}.accumulation.buffer", parameter.Type);
            buffers.Add(buffer.Name);
            Node accumulator = graph.AddNode(
                "InPlaceAccumulatorV2", [buffer, gradients[parameter], reset], [$"{gradient}.accumulation.out"], null, "com.microsoft", $"{gradient}.accumulation");
            accumulator.Output(0)!.Type = new TensorType(ElementType.Bool, new Shape(1));
            graph.AddOutput(accumulator.Output(0)!);
        }

        model.OpsetImports = model.OpsetImports.SetItem("com.microsoft", 1);
        PassSequence.Simplify().Run(model, cancellationToken);
        MakeInputs(graph, frozen);
        return ModelEmission.Finish(model, "training", [.. prepared.UserInputs, labels.Name, .. prepared.Trainable, .. PresentIn(graph, frozen), .. buffers, ResetInput]);
    }

    private static OnnxModel Evaluation(PreparedModel prepared, ImmutableSortedDictionary<string, Tensor> frozen, ArtifactNaming naming, CompileOptions options, CancellationToken cancellationToken)
    {
        (OnnxModel model, LossTerms terms, _, Value labels) = WithLoss(prepared, naming, options);
        OnnxGraph graph = model.Graph;
        Value[] predictions = [.. graph.Outputs.Take(prepared.Predictions.Length)];
        graph.ClearOutputs();
        LossOutputs.AddLoss(graph, terms, naming);
        foreach (Value prediction in predictions.Distinct())
            graph.AddOutput(prediction);
        PassSequence.Simplify().Run(model, cancellationToken);
        MakeInputs(graph, frozen);
        return ModelEmission.Finish(model, "evaluation", [.. prepared.UserInputs, labels.Name, .. prepared.Trainable, .. PresentIn(graph, frozen)]);
    }

    private static (OnnxModel Model, LossTerms Terms, Value Scores, Value Labels) WithLoss(PreparedModel prepared, ArtifactNaming naming, CompileOptions options)
    {
        OnnxModel model = prepared.Model.Clone();
        OnnxGraph graph = model.Graph;
        new IdentityElimination().Run(model);

        // The scores are the last output, whatever they are called by now.
        Value scores = graph.Outputs[^1];
        Value labels = graph.AddInput(naming.Labels, prepared.Loss.LabelsFor(scores));
        var builder = new GraphBuilder(graph, model.Opset);
        LossTerms terms = prepared.Loss.Build(builder, scores, labels);
        return (model, terms with { ScoresGradient = builder.CastLike(terms.ScoresGradient, scores) }, scores, labels);
    }

    private static void MakeInputs(OnnxGraph graph, ImmutableSortedDictionary<string, Tensor> frozen)
    {
        foreach (string name in PresentIn(graph, frozen))
            graph.MakeInput(graph.Find(name)!);
    }

    private static string[] PresentIn(OnnxGraph graph, ImmutableSortedDictionary<string, Tensor> frozen) =>
        [.. frozen.Keys.Where(n => graph.Find(n) is not null)];
}
