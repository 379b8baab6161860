namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>What becomes of a parameter of an official set.</summary>
public enum ParameterFate
{
    /// <summary>It is trained on.</summary>
    Trained,

    /// <summary>It is trained on, from the optimizer's moments that the checkpoint holds.</summary>
    TrainedWithMoments,

    /// <summary>It stays as it is, as the checkpoint says.</summary>
    Frozen,

    /// <summary>It stays as it is: a constant of the evaluation model that the checkpoint does not hold.</summary>
    Constant,

    /// <summary>It is left out: no prediction depends on it.</summary>
    Unused,
}
