namespace AutLearn.Samples.Gallery;

/// <summary>One of the likeliest classes of a photo.</summary>
/// <param name="Class">Its index.</param>
/// <param name="Name">Its name.</param>
/// <param name="Probability">In [0, 1].</param>
public sealed record Guess(int Class, string Name, double Probability);
