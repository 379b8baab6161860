namespace AutLearn.Runtime.Stores;

/// <summary>How a generation's file reads.</summary>
internal enum GenerationFileState
{
    Unreadable,
    Damaged,
    Plain,
    Sealed,
}
