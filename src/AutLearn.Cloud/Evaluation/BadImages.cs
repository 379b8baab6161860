namespace AutLearn.Cloud.Evaluation;

/// <summary>What to do with an image that cannot be decoded.</summary>
internal enum BadImages
{
    /// <summary>End with an error that names it.</summary>
    Fail,

    /// <summary>Leave it out, and say so.</summary>
    Skip,
}
