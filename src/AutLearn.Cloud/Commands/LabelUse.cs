namespace AutLearn.Cloud.Commands;

/// <summary>Whether a command needs to know the class of each image.</summary>
internal enum LabelUse
{
    /// <summary>Images without labels are of use too.</summary>
    Optional,

    /// <summary>Nothing can be done without labels.</summary>
    Needed,
}
