namespace AutLearn.Runtime.Training;

/// <summary>Which parameters a model has when training ends.</summary>
public enum FinalParameters
{
    /// <summary>Those of the epoch with the lowest validation loss; those of the last step where nothing is validated.</summary>
    Best,

    /// <summary>Those of the last step.</summary>
    Last,
}
