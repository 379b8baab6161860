namespace AutLearn.Augment.Text;

/// <summary>The four operations of easy data augmentation.</summary>
public enum EdaOperation
{
    /// <summary>Replaces words by synonyms.</summary>
    SynonymReplacement,

    /// <summary>Inserts synonyms of words at other places.</summary>
    RandomInsertion,

    /// <summary>Exchanges words.</summary>
    RandomSwap,

    /// <summary>Deletes words.</summary>
    RandomDeletion,
}
