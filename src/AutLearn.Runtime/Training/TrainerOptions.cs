using System.ComponentModel.DataAnnotations;
using AutLearn.Runtime.Stores;

namespace AutLearn.Runtime.Training;

/// <summary>How a <see cref="Trainer"/> trains. Copied when it is built.</summary>
public sealed class TrainerOptions
{
    /// <summary>Gets or sets the passes over the rows.</summary>
    /// <value>From 1 to 100,000. The default is 10.</value>
    [Range(1, 100_000)]
    public int Epochs { get; set; } = 10;

    /// <summary>Gets or sets the learning rate of each step.</summary>
    /// <value>The default is constantly 0.001.</value>
    [Required]
    public LearningRateSchedule Schedule { get; set; } = new ConstantSchedule(0.001);

    /// <summary>Gets or sets the epochs without a lower validation loss after which training ends.</summary>
    /// <value>From 1 to 100,000, or null (the default) for never.</value>
    [Range(1, 100_000)]
    public int? Patience { get; set; }

    /// <summary>Gets or sets which parameters the model has at the end.</summary>
    /// <value>The default is <see cref="FinalParameters.Best"/>.</value>
    [EnumDataType(typeof(FinalParameters))]
    public FinalParameters FinalParameters { get; set; } = FinalParameters.Best;

    /// <summary>Gets or sets the folder of the checkpoint. Training resumes from the one that it finds there.</summary>
    /// <value>Created if absent; for one training alone. Null (the default) keeps none.</value>
    public string? CheckpointFolder { get; set; }

    /// <summary>Gets or sets the updates after which a checkpoint is written, besides the ends of epochs.</summary>
    /// <value>From 1 to 1,000,000,000. The default is 500.</value>
    [Range(1, 1_000_000_000)]
    public long CheckpointSteps { get; set; } = 500;

    /// <summary>Gets or sets the file that takes one line of JSON a step and an epoch.</summary>
    /// <value>Started anew, or cut back to the checkpoint when training resumes. Null (the default) writes none.</value>
    public string? LogFile { get; set; }

    /// <summary>Gets or sets what else decides the result, by name: the data, the seed of the model. A checkpoint made with other settings is refused.</summary>
    /// <value>The default is empty. Model, loaders, schedule, epochs and patience are compared anyway.</value>
    [Required]
    public IReadOnlyDictionary<string, string> Settings { get; set; } = new Dictionary<string, string>();

    /// <summary>Gets or sets the key that seals checkpoints; stays the caller's.</summary>
    /// <value>Null (the default) leaves them plain, as the log always is. A plain checkpoint from before is read; the next one is sealed.</value>
    public ProfileKey? Key { get; set; }

    /// <summary>Gets or sets where checkpoints are written.</summary>
    /// <value>The default is the device's own file system.</value>
    [Required]
    public IFileSystem FileSystem { get; set; } = DeviceFileSystem.Instance;

    internal TrainerOptions Copy()
    {
        var copy = (TrainerOptions)MemberwiseClone();
        copy.Settings = new Dictionary<string, string>(Settings);
        return copy;
    }
}
