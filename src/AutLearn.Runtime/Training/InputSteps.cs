using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Training;

/// <summary>Trains and evaluates on user inputs: directly where training reaches down to them, else on what inference makes of them.</summary>
internal sealed class InputSteps
{
    private readonly PersonalModel _model;
    private readonly int[]? _direct;
    private readonly TensorBuffer[] _boundary;

    public InputSteps(PersonalModel model)
    {
        _model = model;
        ArtifactManifest manifest = model.Manifest;
        string[] inputs = [.. manifest.Inputs.Select(i => i.Name)];
        _direct = manifest.Boundary.All(b => b.UserInput is not null) ? [.. manifest.Boundary.Select(b => Array.IndexOf(inputs, b.UserInput))] : null;
        _boundary = new TensorBuffer[manifest.Boundary.Length];
    }

    /// <summary>Trains one step; a batch whose labels are all ignored changes nothing, and its result counts no label.</summary>
    public StepResult Train(TrainingBatch batch, double learningRate, CancellationToken cancellationToken)
    {
        if (TryMap(batch))
            return Train(_boundary, batch.Labels, learningRate, cancellationToken);
        using PredictionBatch predicted = _model.Predict(batch.Inputs, cancellationToken);
        return Train(predicted.BoundaryBuffers, batch.Labels, learningRate, cancellationToken);
    }

    public void Evaluate(TrainingBatch batch, EvaluationSum sum, CancellationToken cancellationToken)
    {
        if (TryMap(batch))
        {
            Evaluate(_boundary, batch.Labels, sum, cancellationToken);
            return;
        }

        using PredictionBatch predicted = _model.Predict(batch.Inputs, cancellationToken);
        Evaluate(predicted.BoundaryBuffers, batch.Labels, sum, cancellationToken);
    }

    private StepResult Train(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, double learningRate, CancellationToken cancellationToken) =>
        _model.Train(new BufferSource(boundary, labels, logits: null, logitsVersion: null), learningRate, cancellationToken);

    private void Evaluate(ReadOnlySpan<TensorBuffer> boundary, TensorBuffer labels, EvaluationSum sum, CancellationToken cancellationToken)
    {
        int set = _model.Sets.Acquire(out _);
        try
        {
            _model.Engine.Evaluate(new BufferSource(boundary, labels, logits: null, logitsVersion: null), set, sum, cancellationToken);
        }
        finally
        {
            _model.Sets.Release(set);
        }
    }

    private bool TryMap(TrainingBatch batch)
    {
        int inputs = _model.Manifest.Inputs.Length;
        if (batch.Inputs.Length != inputs)
            throw new ArgumentException($"The model has {inputs} inputs, not {batch.Inputs.Length}.", nameof(batch));
        if (_direct is null)
            return false;
        for (int i = 0; i < _direct.Length; i++)
            _boundary[i] = batch.Inputs[_direct[i]];
        return true;
    }
}
