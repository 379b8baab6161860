using AutLearn.Cloud.Data;

namespace AutLearn.Cloud.Sentences;

/// <summary>The sentences of a file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Sentences">The sentences, with their labels where the file has them.</param>
/// <param name="Columns">How the file was read, for the report: what was taken and what left; null for plain lines.</param>
internal sealed record SentenceSet(string Path, IReadOnlyList<LabelledSentence> Sentences, string? Columns)
{
    /// <summary>Gets whether the sentences carry labels.</summary>
    public bool IsLabelled => Sentences.Count > 0 && Sentences[0].Label is not null;

    /// <summary>Gets whether a person divided the sentences into some to learn from and some to measure on.</summary>
    public bool IsDivided => Sentences.Any(s => s.Part == DataPart.Training) && Sentences.Any(s => s.Part is DataPart.Validation or DataPart.Test);

    /// <summary>Gets the part of divided sentences that is measured on.</summary>
    /// <param name="preferred">The one to take where both are there.</param>
    public DataPart Measured(DataPart preferred) =>
        Sentences.Any(s => s.Part == preferred) ? preferred : preferred == DataPart.Test ? DataPart.Validation : DataPart.Test;

    /// <summary>Takes one part.</summary>
    public SentenceSet Pick(DataPart part) => this with { Sentences = [.. Sentences.Where(s => s.Part == part)] };

    /// <summary>Gets what to call the data in reports.</summary>
    public string Description => Columns is null ? Path : $"{Path} ({Columns})";
}
