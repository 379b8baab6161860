namespace AutLearn.Runtime.Offline;

/// <summary>How many samples there are to learn from.</summary>
/// <param name="Stored">All samples.</param>
/// <param name="Trainable">Those with a label and the user's consent.</param>
/// <param name="Needed">Trainable samples from which on learning begins.</param>
public sealed record SampleCounts(int Stored, int Trainable, int Needed);
