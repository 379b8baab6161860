using System.ComponentModel.DataAnnotations;
using AutLearn.Runtime.Offline;
using AutLearn.Runtime.Stores;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Scheduling;

/// <summary>When and how an app learns in the background.</summary>
public sealed class ScheduledLearningOptions
{
    /// <summary>Gets or sets where features, the checkpoint and generations are kept; for this app alone, created if absent.</summary>
    /// <value>Required.</value>
    [Required(ErrorMessage = $"ScheduledLearningOptions.{nameof(Folder)} is required: set it in AddLearning(o => o.{nameof(Folder)} = ...).")]
    public string Folder { get; set; } = "";

    /// <summary>Gets or sets a value indicating whether features, checkpoints and generations are sealed with the profile's key.</summary>
    /// <value>The default is true. The key is the app's <see cref="ProfileKey"/>, or <c>learning.key</c> in the folder.</value>
    public bool IsSealed { get; set; } = true;

    /// <summary>Gets or sets when the device may train.</summary>
    /// <value>The default is a new object with its own defaults.</value>
    [Required]
    [ValidateObjectMembers]
    public TrainingPolicyOptions Policy { get; set; } = new();

    /// <summary>Gets or sets how the service paces itself.</summary>
    /// <value>The default is a new object with its own defaults.</value>
    [Required]
    [ValidateObjectMembers]
    public LearningServiceOptions Service { get; set; } = new();

    /// <summary>Gets or sets how training runs, such as the share of time it may compute.</summary>
    /// <value>The default is a new object with its own defaults.</value>
    [Required]
    [ValidateObjectMembers]
    public OfflineLearnerOptions Learner { get; set; } = new();
}
