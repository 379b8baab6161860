using System.Buffers.Binary;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>Writes labels that are no class as the bytes that a <see cref="SampleStore"/> keeps.</summary>
public static class SampleLabels
{
    /// <summary>The most bytes of a sample's labels: they stay in memory while the store is open.</summary>
    public const int LimitInBytes = 16_384;

    /// <summary>Writes numbers, such as what is to be predicted or 0 and 1 for each tag, for a model whose labels are Float32.</summary>
    public static byte[] Of(params ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        return bytes;
    }

    /// <summary>Writes whole numbers, such as a class for each step of a sequence, for a model whose labels are Int64.</summary>
    public static byte[] Of(params ReadOnlySpan<long> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(long)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), values[i]);
        return bytes;
    }
}
