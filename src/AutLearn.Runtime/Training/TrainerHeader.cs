namespace AutLearn.Runtime.Training;

/// <summary>The readable part of a checkpoint.</summary>
internal sealed record TrainerHeader(Dictionary<string, string> Settings, TrainerPosition Position);
