namespace AutLearn.Cloud.Sentences;

/// <summary>Whether sentences shall carry labels.</summary>
internal enum LabelNeed
{
    /// <summary>Labels are left out where a file has them.</summary>
    Ignored,

    /// <summary>A file with labels is refused, so that they get into no sentence and are not lost unseen.</summary>
    Refused,

    /// <summary>Labels are taken where a file has them.</summary>
    Optional,

    /// <summary>Every sentence needs one.</summary>
    Needed,
}
