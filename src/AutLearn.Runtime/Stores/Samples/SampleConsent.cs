namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Whether the user lets a sample be learned from.</summary>
public enum SampleConsent
{
    /// <summary>The sample is kept but takes no part in learning.</summary>
    Withheld,

    /// <summary>The sample may be learned from.</summary>
    Given,
}
