namespace AutLearn.Samples.Gallery;

/// <summary>A class that training steps have seen.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Photos">The photos of it that were learnt.</param>
/// <param name="Corrected">Those of them whose first guess was wrong.</param>
public sealed record LearntClass(string Name, int Photos, int Corrected);
