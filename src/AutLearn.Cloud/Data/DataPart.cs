namespace AutLearn.Cloud.Data;

/// <summary>What a person set a row of the data aside for.</summary>
internal enum DataPart
{
    /// <summary>Learning.</summary>
    Training,

    /// <summary>Choosing among trainings.</summary>
    Validation,

    /// <summary>Measuring in the end.</summary>
    Test,
}
