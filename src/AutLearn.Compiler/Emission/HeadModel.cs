using AutLearn.Compiler.Losses;
using AutLearn.Compiler.Passes;
using AutLearn.Compiler.Preparation;
using AutLearn.Graph;

namespace AutLearn.Compiler.Emission;

/// <summary>A copy of the head alone: boundary tensors, parameters and labels in, scores out.</summary>
internal sealed class HeadModel
{
    private HeadModel(OnnxModel model, Value scores, Value labels, Value[] parameters, Value[] trainable, CancellationToken cancellationToken)
    {
        Model = model;
        Scores = scores;
        Labels = labels;
        Parameters = parameters;
        Trainable = trainable;
        Builder = new GraphBuilder(model.Graph, model.Opset, cancellationToken);
    }

    public OnnxModel Model { get; }

    public OnnxGraph Graph => Model.Graph;

    public GraphBuilder Builder { get; }

    /// <summary>Gets the scores; the only output for now.</summary>
    public Value Scores { get; }

    public Value Labels { get; }

    /// <summary>Gets the trainable parameters, then the buffers.</summary>
    public Value[] Parameters { get; }

    public Value[] Trainable { get; }

    /// <summary>Cuts the head out of a prepared model.</summary>
    /// <param name="prepared">The model, which is not changed.</param>
    /// <param name="boundary">The names of the boundary tensors.</param>
    /// <param name="loss">Decides the labels' type.</param>
    /// <param name="naming">The names to use.</param>
    /// <param name="cancellationToken">Stops the builder.</param>
    public static HeadModel Cut(PreparedModel prepared, IReadOnlyList<string> boundary, Loss loss, ArtifactNaming naming, CancellationToken cancellationToken)
    {
        OnnxGraph whole = prepared.Model.Graph;
        OnnxModel model = prepared.Model.Cut([.. boundary.Select(n => whole.Find(n)!)], [whole.Find(prepared.Scores)!]);
        OnnxGraph graph = model.Graph;
        Value scores = graph.Outputs[0];
        new DeadNodeElimination().Run(model, cancellationToken);
        Value labels = graph.AddInput(naming.Labels, loss.LabelsFor(scores));
        return new(
            model,
            scores,
            labels,
            [.. prepared.Parameters.Select(p => graph.Find(p)!)],
            [.. prepared.Trainable.Select(p => graph.Find(p)!)],
            cancellationToken);
    }
}
