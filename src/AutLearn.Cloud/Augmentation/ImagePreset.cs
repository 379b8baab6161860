namespace AutLearn.Cloud.Augmentation;

/// <summary>A named set of changes to images.</summary>
internal enum ImagePreset
{
    /// <summary>Crops, mirrors and changes of light.</summary>
    Photos,

    /// <summary>Gentle geometry without mirrors.</summary>
    Handwriting,
}
