namespace AutLearn.Cloud.Augmentation;

/// <summary>Which sentences are written.</summary>
internal enum SentenceContent
{
    /// <summary>The originals and the new ones.</summary>
    All,

    /// <summary>The new ones.</summary>
    OnlyNew,
}
