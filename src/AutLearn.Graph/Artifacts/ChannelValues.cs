using System.Globalization;
using System.Text.Json.Serialization;

namespace AutLearn.Graph.Artifacts;

/// <summary>One number for each channel of an image, in the order in which the model takes its channels.</summary>
/// <param name="First">Of the first channel: red, or blue of a BGR model, or grey.</param>
/// <param name="Second">Of the second channel, green; the first again where there is one channel.</param>
/// <param name="Third">Of the third channel; the first again where there is one channel.</param>
/// <remarks>Written as one number where all are equal, and as three otherwise.</remarks>
[JsonConverter(typeof(ChannelValuesConverter))]
public readonly record struct ChannelValues(float First, float Second, float Third)
{
    /// <summary>Gets the number of a channel.</summary>
    /// <param name="channel">0, 1 or 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such channel.</exception>
    public float this[int channel] => channel switch
    {
        0 => First,
        1 => Second,
        2 => Third,
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, "A channel is 0, 1 or 2."),
    };

    /// <summary>Gets whether all channels have the same number.</summary>
    public bool AreEqual => First.Equals(Second) && First.Equals(Third);

    /// <summary>Gets whether every number is finite.</summary>
    public bool AreFinite => float.IsFinite(First) && float.IsFinite(Second) && float.IsFinite(Third);

    /// <summary>Takes one number for every channel.</summary>
    public static implicit operator ChannelValues(float value) => Of(value);

    /// <summary>Takes one number for every channel.</summary>
    public static ChannelValues Of(float value) => new(value, value, value);

    /// <summary>Changes each number.</summary>
    /// <param name="change">Receives a number and returns another.</param>
    public ChannelValues Select(Func<float, float> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return new(change(First), change(Second), change(Third));
    }

    /// <summary>Writes one number, or three with commas between them; the same in every culture.</summary>
    public override string ToString() => AreEqual
        ? First.ToString("R", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First:R},{Second:R},{Third:R}");
}
