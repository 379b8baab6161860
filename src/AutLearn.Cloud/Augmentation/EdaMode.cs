namespace AutLearn.Cloud.Augmentation;

/// <summary>Which form of EDA.</summary>
internal enum EdaMode
{
    /// <summary>Keeps what readers see.</summary>
    Default,

    /// <summary>As published.</summary>
    Reference,
}
