using System.Buffers.Binary;
using System.Text;

namespace AutLearn.Graph.Artifacts.Official;

/// <summary>One table of an untrusted FlatBuffers file; every offset and length is checked before it is followed.</summary>
/// <remarks>FlatBuffers internals: a table begins with the signed distance to its vtable, which lists each field's distance from the table.</remarks>
internal readonly struct FlatTable
{
    private readonly ReadOnlyMemory<byte> _data;
    private readonly int _position;
    private readonly int _vtable;
    private readonly int _vtableLength;

    private FlatTable(ReadOnlyMemory<byte> data, int position)
    {
        _data = data;
        _position = position;
        _vtable = Offset(position, -(long)Int32(data, position));
        _vtableLength = UInt16(data, _vtable);
        Need(data, _vtable, _vtableLength);
    }

    public static FlatTable Root(ReadOnlyMemory<byte> data, string identifier)
    {
        Need(data, 0, 8);
        if (Encoding.ASCII.GetString(data.Span.Slice(4, 4)) != identifier)
            throw new InvalidDataException($"it does not carry the identifier '{identifier}'");
        return new(data, Offset(0, UInt32(data, 0)));
    }

    public int Int(int slot, int fallback) => Field(slot) is { } at ? Int32(_data, at) : fallback;

    public bool Bool(int slot) => Field(slot) is { } at && Byte(at) != 0;

    public float Float(int slot) => Field(slot) is { } at ? BitConverter.Int32BitsToSingle(Int32(_data, at)) : 0;

    public long Long(int slot, long fallback)
    {
        if (Field(slot) is not { } at)
            return fallback;
        Need(_data, at, 8);
        return BinaryPrimitives.ReadInt64LittleEndian(_data.Span[at..]);
    }

    public string String(int slot)
    {
        (int start, int length) = Vector(slot, 1);
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(_data.Span.Slice(start, length));
    }

    public ReadOnlyMemory<byte> Bytes(int slot)
    {
        (int start, int length) = Vector(slot, 1);
        return _data.Slice(start, length);
    }

    public long[] Longs(int slot)
    {
        (int start, int length) = Vector(slot, sizeof(long));
        long[] values = new long[length];
        for (int i = 0; i < length; i++)
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(_data.Span[(start + (i * sizeof(long)))..]);
        return values;
    }

    public FlatTable? Table(int slot) => Field(slot) is { } at ? new FlatTable(_data, Offset(at, UInt32(_data, at))) : null;

    public IEnumerable<FlatTable> Tables(int slot)
    {
        (int start, int length) = Vector(slot, sizeof(int));
        for (int i = 0; i < length; i++)
        {
            int at = start + (i * sizeof(int));
            yield return new FlatTable(_data, Offset(at, UInt32(_data, at)));
        }
    }

    private (int Start, int Length) Vector(int slot, int elementSize)
    {
        if (Field(slot) is not { } at)
            return (0, 0);
        int vector = Offset(at, UInt32(_data, at));
        uint length = UInt32(_data, vector);
        Need(_data, vector + 4, length * (long)elementSize);
        return (vector + 4, (int)length);
    }

    private int? Field(int slot)
    {
        int entry = 4 + (2 * slot);
        if (entry + 2 > _vtableLength)
            return null;
        int distance = UInt16(_data, _vtable + entry);
        return distance == 0 ? null : Offset(_position, distance);
    }

    private byte Byte(int at)
    {
        Need(_data, at, 1);
        return _data.Span[at];
    }

    private static int Int32(ReadOnlyMemory<byte> data, int at)
    {
        Need(data, at, 4);
        return BinaryPrimitives.ReadInt32LittleEndian(data.Span[at..]);
    }

    private static uint UInt32(ReadOnlyMemory<byte> data, int at) => (uint)Int32(data, at);

    private static int UInt16(ReadOnlyMemory<byte> data, int at)
    {
        Need(data, at, 2);
        return BinaryPrimitives.ReadUInt16LittleEndian(data.Span[at..]);
    }

    private static int Offset(int from, long distance)
    {
        long target = from + distance;
        return target is >= 0 and <= int.MaxValue ? (int)target : throw new InvalidDataException("an offset points outside");
    }

    private static void Need(ReadOnlyMemory<byte> data, long at, long length)
    {
        if (at < 0 || length < 0 || at + length > data.Length)
            throw new InvalidDataException("it is cut short or an offset points outside");
    }
}
