namespace AutLearn.Runtime.Updates;

/// <summary>Where a tensor of the set that does not serve differs from that of the serving one.</summary>
internal enum SetDifference
{
    /// <summary>Perhaps everywhere.</summary>
    Whole,

    /// <summary>Nowhere.</summary>
    None,

    /// <summary>In the rows that the last step touched.</summary>
    Rows,
}
