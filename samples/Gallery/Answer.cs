namespace AutLearn.Samples.Gallery;

/// <summary>What the user said about a photo.</summary>
/// <param name="Class">The right class.</param>
/// <param name="FirstGuess">The class that was shown when the user first answered; -1 if this package does not know it.</param>
/// <param name="Order">Where the first answer stands among all answers.</param>
/// <param name="IsLearnt">Whether a training step has used it.</param>
/// <param name="SizeInBytes">The size of the photo's file, so that few files need reading to find it again.</param>
public sealed record Answer(int Class, int FirstGuess, int Order, bool IsLearnt, long SizeInBytes);
