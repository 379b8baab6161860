namespace AutLearn.Augment.Text;

/// <summary>English synonyms of WordNet 3.0, which ship inside this assembly.</summary>
/// <remarks>Miller 1995, Communications of the ACM 38(11). Licence: <c>WORDNET-LICENSE.txt</c> in the package. Safe for use by several threads.</remarks>
public static class WordNet
{
    private const string Resource = "AutLearn.Augment.Data.wordnet30.synonyms";

    private static readonly Lazy<SynonymTable> Table = new(Load);

    /// <summary>Gets the table; the first call decompresses it, which takes some tenths of a second and about 10 MB.</summary>
    public static SynonymTable Synonyms => Table.Value;

    private static SynonymTable Load()
    {
        using Stream stream = typeof(WordNet).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource '{Resource}'.");
        return SynonymTableFile.Load(stream, Resource);
    }
}
