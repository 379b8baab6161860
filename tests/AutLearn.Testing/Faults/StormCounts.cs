namespace AutLearn.Testing.Faults;

/// <summary>What a storm did so far.</summary>
public sealed class StormCounts
{
    public int Kills { get; set; }

    /// <summary>Gets or sets the kills that struck before the profile was open.</summary>
    public int BeforeOpening { get; set; }

    /// <summary>Gets or sets the lives in which a second process opened the profile too.</summary>
    public int Rivals { get; set; }

    /// <summary>Gets or sets the processes that found the profile in use.</summary>
    public int Refused { get; set; }

    public int Samples { get; set; }

    public int Labels { get; set; }

    public int Generations { get; set; }

    public int Forgettings { get; set; }

    /// <summary>Gets or sets the forgettings that a kill cut short.</summary>
    public int CutShort { get; set; }

    /// <summary>Gets or sets those of them that the next life, or the check, went on with.</summary>
    public int Resumed { get; set; }

    /// <summary>Gets or sets the samples that were stored, but killed before they were acknowledged.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>Gets or sets the temporary files that kills left and the next opening swept.</summary>
    public int Swept { get; set; }

    public double Seconds { get; set; }
}
