namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Turns a stored content into one row of the model's inputs.</summary>
/// <param name="payload">The content, as the app stored it.</param>
/// <param name="inputs">One row an input of the manifest, in its order; to be filled.</param>
/// <returns>False if the content cannot be decoded; the sample is then left out.</returns>
public delegate bool SampleDecoder(ReadOnlySpan<byte> payload, IReadOnlyList<TensorBuffer> inputs);
