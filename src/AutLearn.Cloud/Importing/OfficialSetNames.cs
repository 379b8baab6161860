namespace AutLearn.Cloud.Importing;

/// <summary>The names of an official set's files that the command line gives; null for those that it does not.</summary>
internal sealed record OfficialSetNames(string? Evaluation, string? Optimizer, string? Checkpoint, string? Training);
