namespace AutLearn.Augment.Text;

/// <summary>Which members of a synonym set may be drawn.</summary>
public enum SynonymFilter
{
    /// <summary>Every member but the word itself.</summary>
    Any,

    /// <summary>Members in lower case without digits: no proper names and no abbreviations.</summary>
    Common,

    /// <summary>Common single words that inflect by rule, so that an ending can be carried over.</summary>
    Inflectable,
}
