namespace AutLearn.Runtime.Training;

/// <summary>Why training ended.</summary>
public enum TrainerEnd
{
    /// <summary>All epochs are done.</summary>
    Completed,

    /// <summary>The validation loss did not fall for as many epochs as patience lasts.</summary>
    EarlyStopped,
}
