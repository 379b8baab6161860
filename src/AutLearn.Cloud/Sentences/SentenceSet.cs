namespace AutLearn.Cloud.Sentences;

/// <summary>The sentences of a file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Sentences">The sentences, with their labels where the file has them.</param>
/// <param name="Columns">How the file was read, for the report: what was taken and what left; null for plain lines.</param>
internal sealed record SentenceSet(string Path, IReadOnlyList<LabelledSentence> Sentences, string? Columns)
{
    /// <summary>Gets whether the sentences carry labels.</summary>
    public bool IsLabelled => Sentences.Count > 0 && Sentences[0].Label is not null;

    /// <summary>Gets what to call the data in reports.</summary>
    public string Description => Columns is null ? Path : $"{Path} ({Columns})";
}
