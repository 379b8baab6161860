using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Pretraining;

/// <summary>How to pretrain.</summary>
internal sealed record PretrainSettings(
    string Out,
    int Epochs,
    int BatchSize,
    int Seed,
    Func<long, LearningRateSchedule> Schedule,
    int? Patience,
    string? Checkpoint,
    long CheckpointSteps,
    string Provider,
    int Threads,
    string? Log);
