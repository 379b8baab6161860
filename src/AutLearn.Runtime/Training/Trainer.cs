using AutLearn.Graph.Artifacts;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Training;

/// <summary>Trains a model on its inputs for long: schedules, validation, early stopping, checkpoints, exact resume.</summary>
/// <remarks>
/// The same artifacts, rows, options and thread count give the same parameters, bit by bit, also when training was interrupted at any
/// step, by cancellation or by the end of the process, and resumed from its checkpoint with a freshly opened model. Safe for use by
/// several threads with a checkpoint folder each; steps of two trainings on one model mix. A batch whose labels are all ignored, or whose
/// step is refused, is passed over, counted, and noted in the log.
/// </remarks>
public sealed class Trainer
{
    private readonly PersonalModel _model;
    private readonly TrainerOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates a trainer.</summary>
    /// <param name="model">The model, which stays the caller's. To resume exactly, open it anew.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <param name="time">Measures durations; null for the system's clock.</param>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public Trainer(PersonalModel model, TrainerOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new();
        ValidateOptionsResult valid = new TrainerOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(TrainerOptions), typeof(TrainerOptions), valid.Failures);
        _model = model;
        _options = options.Copy();
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Trains on a worker, from the checkpoint on if there is one.</summary>
    /// <param name="training">The rows to learn from.</param>
    /// <param name="validation">The rows to measure after each epoch; null for none. Early stopping then goes by the training loss.</param>
    /// <param name="progress">Called once a step that is applied, on the training thread. What it throws is logged and ends nothing.</param>
    /// <param name="cancellationToken">Stops between steps and also the native run. The steps before stay applied and are in the checkpoint.</param>
    /// <returns>What training did. A finished training is not done again: its result comes from the checkpoint.</returns>
    /// <exception cref="ArgumentException">A row does not fit the model, or a label is out of range; the message names epoch, batch and row.</exception>
    /// <exception cref="AutLearnException">The checkpoint was made with other settings, or there is no row or no label that counts.</exception>
    /// <exception cref="InvalidArtifactException">The checkpoint is damaged.</exception>
    /// <exception cref="NonFiniteStepException">Several steps in a row, or all of an epoch, would have left values that are not finite; the steps before stay applied.</exception>
    /// <exception cref="RunFailedException">A native run failed; the steps before stay applied.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="IOException">A checkpoint or the log cannot be written, or another training has the checkpoint folder.</exception>
    public Task<TrainerResult> TrainAsync(
        DataLoader training, DataLoader? validation = null, IProgress<TrainerProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        return Task.Run(() => new TrainerRun(_model, _options, _time, training, validation, progress).RunAsync(cancellationToken), cancellationToken);
    }
}
