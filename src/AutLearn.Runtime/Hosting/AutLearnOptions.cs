using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AutLearn.Runtime.Hosting;

/// <summary>Which model an app uses and how it runs.</summary>
public sealed class AutLearnOptions
{
    /// <summary>Gets or sets the artifacts: a folder or an <c>.autlearn</c> file.</summary>
    /// <value>Required.</value>
    [Required(ErrorMessage = $"AutLearnOptions.{nameof(ModelPath)} is required: set it in AddAutLearn(o => o.{nameof(ModelPath)} = ...).")]
    public string ModelPath { get; set; } = "";

    /// <summary>Gets or sets how the model runs.</summary>
    /// <value>The default is a new object with its own defaults.</value>
    [Required]
    [ValidateObjectMembers]
    public PersonalModelOptions Model { get; set; } = new();
}
