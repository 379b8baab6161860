namespace AutLearn.Cache.Disk;

/// <summary>How rows of Float32 features are stored.</summary>
public enum RowFormat
{
    /// <summary>Bit for bit, so that training from the store equals training from the input.</summary>
    Float32,

    /// <summary>Half the bytes, rounded to 11 significant bits; magnitudes above 65,504 become infinite and are refused.</summary>
    Float16,
}
