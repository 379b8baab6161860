using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace AutLearn.Graph.Serialization;

/// <summary>Reads constants: from raw bytes, from the typed fields, or from external files.</summary>
internal sealed class TensorReader(ReadContext context, ExternalDataSource external)
{
    private const int ExternalLocation = 1;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a constant. Its name must have been taken off if it is not to be kept.</summary>
    public Tensor Read(TensorProto proto, string name)
    {
        string What() => $"tensor {ReadContext.Quote(name)}";
        ElementType type = TypeCodec.ReadElementType(proto.DataType, What, context);
        if (type == ElementType.Undefined)
            throw context.Invalid($"{What()} has no element type");
        if (proto.HasSegment)
            throw context.Invalid($"{What()} is stored in segments, which is not supported; store it whole");
        long[] sizes = [.. proto.Dims];
        long count = TypeCodec.CountOf(sizes, What, context);
        int sources = (proto.RawData.Length > 0 || (proto.HasRawData && proto.DataLocation != ExternalLocation) ? 1 : 0) + (proto.FloatData.Count > 0 ? 1 : 0) + (proto.Int32Data.Count > 0 ? 1 : 0) + (proto.StringData.Count > 0 ? 1 : 0)
            + (proto.Int64Data.Count > 0 ? 1 : 0) + (proto.DoubleData.Count > 0 ? 1 : 0) + (proto.Uint64Data.Count > 0 ? 1 : 0);
        bool isExternal = proto.DataLocation == ExternalLocation;
        if (proto.DataLocation is not (0 or ExternalLocation))
            throw context.Invalid($"{What()} has the data location {proto.DataLocation}, which is not known");
        if (sources > (isExternal ? 0 : 1))
            throw context.Invalid($"{What()} has its data in more than one place");

        if (type == ElementType.String)
        {
            if (isExternal || proto.HasRawData || proto.StringData.Count != count)
                throw context.Invalid($"{What()} declares {count} strings but holds {proto.StringData.Count}");
            ImmutableArray<string> strings = [.. proto.StringData.Select(s => Text(s, What))];
            proto.StringData.Clear();
            return Tensor.OfStrings(sizes, strings, Rest(proto));
        }

        long size = type.SizeInBytes(count);
        ReadOnlyMemory<byte> bytes = isExternal ? external.Read(proto.ExternalData, size, What, context) : Inline(proto, type, What);
        if (bytes.Length != size)
            throw context.Invalid($"{What()} of type {type}[{string.Join(",", sizes)}] takes {size} bytes but holds {bytes.Length}");
        return new Tensor(type, sizes, bytes) { ExtraFields = Rest(proto) };
    }

    /// <summary>Decodes text.</summary>
    public string Text(ByteString bytes, Func<string> what)
    {
        try
        {
            return StrictUtf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException e)
        {
            throw context.Invalid($"{what()} holds bytes that are not UTF-8 text, which is not supported", e);
        }
    }

    private static ReadOnlyMemory<byte> Rest(TensorProto proto)
    {
        proto.Dims.Clear();
        proto.ClearDataType();
        proto.ClearRawData();
        proto.FloatData.Clear();
        proto.Int32Data.Clear();
        proto.Int64Data.Clear();
        proto.DoubleData.Clear();
        proto.Uint64Data.Clear();
        proto.ExternalData.Clear();
        proto.ClearDataLocation();
        return ExtraFields.Rest(proto);
    }

    private ReadOnlyMemory<byte> Inline(TensorProto proto, ElementType type, Func<string> what)
    {
        if (proto.HasRawData)
            return proto.RawData.Memory;
        return type switch
        {
            ElementType.Float32 or ElementType.Complex64 => Bytes(proto.FloatData),
            ElementType.Float64 or ElementType.Complex128 => Bytes(proto.DoubleData),
            ElementType.Int32 => Bytes(proto.Int32Data),
            ElementType.Int64 => Bytes(proto.Int64Data),
            ElementType.UInt64 => Bytes(proto.Uint64Data),
            ElementType.UInt32 => Bytes(Narrow(proto.Uint64Data, v => v <= uint.MaxValue, v => (uint)v, what)),
            _ when type.SizeInBits() == 16 => Bytes(Narrow(proto.Int32Data, v => v is >= short.MinValue and <= ushort.MaxValue, v => unchecked((ushort)v), what)),

            // One entry holds one byte: one element, or the two or four that share it.
            _ => Bytes(Narrow(proto.Int32Data, v => v is >= sbyte.MinValue and <= byte.MaxValue, v => unchecked((byte)v), what)),
        };
    }

    private TTo[] Narrow<TFrom, TTo>(RepeatedField<TFrom> values, Func<TFrom, bool> fits, Func<TFrom, TTo> convert, Func<string> what)
    {
        var result = new TTo[values.Count];
        for (int i = 0; i < result.Length; i++)
            result[i] = fits(values[i]) ? convert(values[i]) : throw context.Invalid($"{what()} holds {values[i]}, which does not fit its element type");
        return result;
    }

    private static byte[] Bytes<T>(RepeatedField<T> values)
        where T : unmanaged
    {
        var array = new T[values.Count];
        values.CopyTo(array, 0);
        return Bytes(array);
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values).ToArray();
}
