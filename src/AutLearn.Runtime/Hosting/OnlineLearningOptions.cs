using System.ComponentModel.DataAnnotations;
using AutLearn.Runtime.Online;
using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Stores;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Hosting;

/// <summary>How an app learns from feedback and keeps what it learned.</summary>
public sealed class OnlineLearningOptions
{
    /// <summary>Gets or sets where generations of the learned state are kept; for this app alone, created if absent.</summary>
    /// <value>Required.</value>
    [Required(ErrorMessage = $"OnlineLearningOptions.{nameof(Folder)} is required: set it in AddOnlineLearner(o => o.{nameof(Folder)} = ...).")]
    public string Folder { get; set; } = "";

    /// <summary>Gets or sets a value indicating whether generations are sealed with the profile's key.</summary>
    /// <value>The default is true. The key is the app's <see cref="ProfileKey"/>, or <c>learning.key</c> in the folder.</value>
    public bool IsSealed { get; set; } = true;

    /// <summary>Gets or sets how often the state is saved if it has changed.</summary>
    /// <value>From 0.1 seconds to 1 day. The default is 30 seconds. It is also saved when the host stops.</value>
    [DurationRange(0.1, 86_400)]
    public TimeSpan SaveInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how the learner learns.</summary>
    /// <value>The default is a new object with its own defaults.</value>
    [Required]
    [ValidateObjectMembers]
    public OnlineLearnerOptions Learner { get; set; } = new();
}
