namespace AutLearn.Runtime.Stores.Samples;

/// <summary>The kinds of encrypted parts; the numbers are in files.</summary>
internal enum SamplePart : byte
{
    Facts = 1,
    Payload = 2,
    Seal = 3,
}
