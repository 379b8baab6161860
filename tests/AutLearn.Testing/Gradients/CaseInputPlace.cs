namespace AutLearn.Testing.Gradients;

/// <summary>Where an input of a gradient case stands in the model.</summary>
public enum CaseInputPlace
{
    /// <summary>A model input whose gradient is wanted.</summary>
    Differentiated,

    /// <summary>A model input whose gradient is not wanted.</summary>
    Fed,

    /// <summary>A constant of the model.</summary>
    Initializer,

    /// <summary>Left out.</summary>
    Absent,
}
