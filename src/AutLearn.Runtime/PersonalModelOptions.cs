using System.ComponentModel.DataAnnotations;

namespace AutLearn.Runtime;

/// <summary>How a model runs on the device. A model copies what it needs when it opens; later changes have no effect on it.</summary>
public sealed class PersonalModelOptions
{
    /// <summary>Gets or sets the threads that share one operator.</summary>
    /// <value>From 0 to 256; 0 takes one per physical core. The default is 0.</value>
    [Range(0, 256)]
    public int IntraOpThreads { get; set; }

    /// <summary>Gets or sets the execution providers by preference, such as <c>CUDA</c> or <c>XNNPACK</c>; the CPU always comes last.</summary>
    /// <value>The default is empty: the CPU alone.</value>
    [Required]
    public IList<string> ExecutionProviders { get; set; } = [];

    /// <summary>Gets or sets a value indicating whether the memory of one run is planned from the run before it of the same shape.</summary>
    /// <value>The default is true. Turn off where shapes vary from run to run.</value>
    public bool UsesMemoryPattern { get; set; } = true;

    /// <summary>Gets or sets how much a model is rewritten before it runs.</summary>
    /// <value>The default is <see cref="GraphOptimization.All"/>.</value>
    [EnumDataType(typeof(GraphOptimization))]
    public GraphOptimization GraphOptimization { get; set; } = GraphOptimization.All;

    /// <summary>Gets or sets the folder that keeps optimised models for a fast second start.</summary>
    /// <value>
    /// A folder that only this app writes; created if absent. Null keeps none. The default is null. Used with the CPU alone. An entry
    /// that is damaged, or made by another version or processor, is built again.
    /// </value>
    public string? OptimizedModelCacheFolder { get; set; }

    /// <summary>Gets or sets a value indicating whether ONNX Runtime runs the optimizer too, as operators of the training step.</summary>
    /// <value>
    /// The default is false: where the package has gradient models, they run, and the optimizer goes over their results in one pass, on the
    /// CPU. The results are the same within rounding. True also where an execution provider other than the CPU is asked for.
    /// </value>
    public bool RunsWholeSteps { get; set; }

    /// <summary>Gets or sets where random numbers of a training step begin, such as those of dropout.</summary>
    /// <value>Equal seeds give equal training. The default is 0.</value>
    public long Seed { get; set; }

    /// <summary>Gets or sets what is called before and after each native run, with the model's file name; tests make runs fail with it.</summary>
    internal Action<string, RunStage>? RunHook { get; set; }

    internal PersonalModelOptions Copy()
    {
        var copy = (PersonalModelOptions)MemberwiseClone();
        copy.ExecutionProviders = [.. ExecutionProviders];
        return copy;
    }
}
