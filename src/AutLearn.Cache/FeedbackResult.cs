namespace AutLearn.Cache;

/// <summary>What became of a label.</summary>
public enum FeedbackResult
{
    /// <summary>The row had no label and has one now.</summary>
    Accepted,

    /// <summary>The row had a label, which this one replaces.</summary>
    Replaced,

    /// <summary>The row is in a training batch or was trained on already; the label is not used.</summary>
    TooLate,

    /// <summary>The row was never cached, or left to make room.</summary>
    Unknown,
}
