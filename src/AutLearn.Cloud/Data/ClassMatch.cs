namespace AutLearn.Cloud.Data;

/// <summary>How the classes of the data are those of the model.</summary>
internal enum ClassMatch
{
    /// <summary>By their names.</summary>
    Name,

    /// <summary>By their order: the first folder in alphabetical order is the model's first class, as torchvision numbers them.</summary>
    Position,
}
