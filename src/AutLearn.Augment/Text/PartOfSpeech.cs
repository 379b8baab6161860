namespace AutLearn.Augment.Text;

/// <summary>The parts of speech that a synonym table tells apart.</summary>
public enum PartOfSpeech
{
    /// <summary>A noun.</summary>
    Noun,

    /// <summary>A verb.</summary>
    Verb,

    /// <summary>An adjective.</summary>
    Adjective,

    /// <summary>An adverb, and every word of a table without parts of speech.</summary>
    Adverb,
}
