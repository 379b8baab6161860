using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace AutLearn.Runtime.Scheduling;

/// <summary>The range of a <see cref="TimeSpan"/>, in seconds. The attribute of the platform finds the type's converter by reflection.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DurationRangeAttribute(double minimum, double maximum) : ValidationAttribute
{
    public double Minimum { get; } = minimum;

    public double Maximum { get; } = maximum;

    public override bool IsValid(object? value) => value is TimeSpan span && span.TotalSeconds >= Minimum && span.TotalSeconds <= Maximum;

    public override string FormatErrorMessage(string name) =>
        string.Create(CultureInfo.InvariantCulture, $"The field {name} must be between {TimeSpan.FromSeconds(Minimum)} and {TimeSpan.FromSeconds(Maximum)}.");
}
