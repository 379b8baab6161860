namespace AutLearn.Cloud.Reports;

/// <summary>What <c>augment text</c> did.</summary>
/// <param name="Input">The file of sentences.</param>
/// <param name="Output">The file written.</param>
/// <param name="Sentences">Sentences read.</param>
/// <param name="Written">Lines written.</param>
/// <param name="Seconds">Reading and writing included.</param>
internal sealed record AugmentTextReport(string Input, string Output, int Sentences, int Written, double Seconds);

/// <summary>What <c>augment images</c> did.</summary>
/// <param name="Images">The images.</param>
/// <param name="Output">The contact sheet.</param>
/// <param name="Rows">Images on it.</param>
/// <param name="Variants">Augmented forms of each.</param>
/// <param name="Seconds">Decoding and encoding included.</param>
internal sealed record AugmentImagesReport(string Images, string Output, int Rows, int Variants, double Seconds);

/// <summary>What <c>augment synonyms</c> did.</summary>
/// <param name="Source">The folder or file of synonyms.</param>
/// <param name="Output">The table.</param>
/// <param name="Words">Words in the table.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record AugmentSynonymsReport(string Source, string Output, int Words, long Bytes);
