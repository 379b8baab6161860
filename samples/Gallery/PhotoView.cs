namespace AutLearn.Samples.Gallery;

/// <summary>A photo as the page shows it.</summary>
/// <param name="Id">Its index.</param>
/// <param name="Name">Its name.</param>
/// <param name="Content">The hash of its content; null if it cannot be read. An answer names it, so that it is to the photo that was seen.</param>
/// <param name="Top">The likeliest classes, best first; empty if the photo cannot be read.</param>
/// <param name="Answer">What the user says it shows; null if nothing yet.</param>
/// <param name="AnswerName">The name of that class.</param>
/// <param name="IsLearnt">Whether the answer has been learnt.</param>
/// <param name="Error">Why the photo cannot be read; null if it can.</param>
public sealed record PhotoView(int Id, string Name, string? Content, IReadOnlyList<Guess> Top, int? Answer, string? AnswerName, bool IsLearnt, string? Error);
