using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;

namespace AutLearn.Augment.Text;

/// <summary>Settings of <see cref="Eda"/>; copied when it is built.</summary>
public sealed class EdaOptions
{
    /// <summary>Gets or sets the share of words that synonym replacement changes.</summary>
    /// <value>In [0, 1]; 0 switches the operation off. At least one word changes otherwise. The default is 0.1.</value>
    [Range(0d, 1d)]
    public double SynonymReplacement { get; set; } = 0.1;

    /// <summary>Gets or sets the share of words that random insertion adds.</summary>
    /// <value>In [0, 1]; 0 switches the operation off. The default is 0.1.</value>
    [Range(0d, 1d)]
    public double RandomInsertion { get; set; } = 0.1;

    /// <summary>Gets or sets the share of words that random swap exchanges, in pairs.</summary>
    /// <value>In [0, 1]; 0 switches the operation off. The default is 0.1.</value>
    [Range(0d, 1d)]
    public double RandomSwap { get; set; } = 0.1;

    /// <summary>Gets or sets the probability that random deletion drops a word.</summary>
    /// <value>In [0, 1]; 0 switches the operation off. The default is 0.1.</value>
    [Range(0d, 1d)]
    public double RandomDeletion { get; set; } = 0.1;

    /// <summary>Gets or sets the most sentences made from one.</summary>
    /// <value>At least 1. The default is 9.</value>
    [Range(1, 1000)]
    public int Count { get; set; } = 9;

    /// <summary>Gets or sets the seed.</summary>
    /// <value>Any number; the same seed gives the same sentences. The default is 0.</value>
    public long Seed { get; set; }

    /// <summary>Gets or sets the synonyms; null takes WordNet.</summary>
    public SynonymTable? Synonyms { get; set; }

    /// <summary>Gets or sets words that are neither replaced nor a source of insertions.</summary>
    /// <value>The default is <see cref="StopWords.English"/>.</value>
    public FrozenSet<string> StopWords { get; set; } = Text.StopWords.English;

    /// <summary>Gets or sets what finds the words.</summary>
    /// <value>The default is <see cref="UnicodeSegmenter"/>.</value>
    public ITextSegmenter Segmenter { get; set; } = UnicodeSegmenter.Instance;
}
