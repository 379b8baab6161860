namespace AutLearn.Cloud.Data;

/// <summary>Reads the usual names of the parts of a data set.</summary>
internal static class DataParts
{
    /// <summary>Reads a name; null where it names no part.</summary>
    public static DataPart? Of(string name) => name.Trim().ToUpperInvariant() switch
    {
        "TRAIN" or "TRAINING" => DataPart.Training,
        "VAL" or "VALID" or "VALIDATION" or "DEV" => DataPart.Validation,
        "TEST" or "TESTING" => DataPart.Test,
        _ => null,
    };
}
