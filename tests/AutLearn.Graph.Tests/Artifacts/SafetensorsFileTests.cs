using System.Buffers.Binary;
using System.Text;
using AutLearn.Graph.Artifacts;
using CsCheck;

namespace AutLearn.Graph.Tests.Artifacts;

[Trait("Category", "Unit")]
public sealed class SafetensorsFileTests
{
    private static readonly ElementType[] Types =
    [
        ElementType.Float64, ElementType.Float32, ElementType.Float16, ElementType.BFloat16, ElementType.Int64, ElementType.Int32, ElementType.Int16,
        ElementType.Int8, ElementType.UInt64, ElementType.UInt32, ElementType.UInt16, ElementType.UInt8, ElementType.Bool,
    ];

    [Fact]
    public void Read_EveryElementTypeAndShape_GivesBackTheSameTensors()
    {
        SafetensorsFile file = Sample();
        SafetensorsFile back = SafetensorsFile.Read(file.ToBytes(), "sample");
        Assert.Equal(file.Tensors.Keys, back.Tensors.Keys);
        Assert.All(file.Tensors, t => Assert.True(t.Value.ContentEquals(back.Tensors[t.Key]), t.Key));
        Assert.Equal(file.Metadata, back.Metadata);
    }

    [Fact]
    public void ToBytes_AnyOrderOfAddition_IsDeterministicAndAligned()
    {
        SafetensorsFile file = Sample();
        byte[] bytes = file.ToBytes();
        Assert.Equal(bytes, new SafetensorsFile(file.Tensors.Reverse(), file.Metadata.Reverse()).ToBytes());
        Assert.Equal(0, (8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes)) % 8);
    }

    [Fact]
    public void ToBytes_OneTensor_HasThePublishedLayout()
    {
        byte[] bytes = new SafetensorsFile([new("w", Tensor.Of<float>([1, 2], [1f, 2f]))]).ToBytes();
        string header = Encoding.UTF8.GetString(bytes, 8, bytes.Length - 8 - 8).TrimEnd(' ');
        Assert.Equal("""{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}""", header);
        Assert.Equal(1f, BitConverter.ToSingle(bytes, bytes.Length - 8));
    }

    [Theory]
    [InlineData("{", "cannot be read")]
    [InlineData("[]", "StartObject was expected")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} {}""", "cannot be read")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", "where its shape takes 4")]
    [InlineData("""{"w":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}""", "F99")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "outside the file")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999]}}""", "outside the file")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "list of at most")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,16],"data_offsets":[0,8]}}""", "too large")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "take 4 bytes of 8")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "gap or an overlap")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "gap or an overlap")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", "twice")]
    [InlineData("""{"w":{"dtype":"F32","data_offsets":[0,8]}}""", "lacks")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}""", "unknown or repeated")]
    public void Read_HostileHeader_IsRefusedWithItsReason(string header, string reason)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] bytes = new byte[8 + json.Length + 8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        var error = Assert.Throws<InvalidArtifactException>(() => SafetensorsFile.Read(bytes, "bad.safetensors"));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal("bad.safetensors", error.File);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(long.MaxValue)]
    [InlineData(1UL << 32)]
    [InlineData(17UL)]
    public void Read_HeaderLengthBeyondTheFile_IsRefused(ulong length)
    {
        byte[] bytes = new byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        Assert.Throws<InvalidArtifactException>(() => SafetensorsFile.Read(bytes, "bad"));
    }

    [Fact]
    public void Read_MutatedBytes_RaisesNothingButTheLibrarysErrors()
    {
        byte[] bytes = Sample().ToBytes();
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Array[1, 8].Sample(
            edits =>
            {
                byte[] copy = (byte[])bytes.Clone();
                foreach ((int at, byte value) in edits)
                    copy[at] = value;
                return ReadsOrRefuses(copy);
            },
            iter: 3000);
        Gen.Int[0, bytes.Length - 1].Sample(length => ReadsOrRefuses(bytes[..length]), iter: 300);
    }

    [Fact]
    public void Constructor_TypeOutsideTheFormat_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new SafetensorsFile([new("w", new Tensor(ElementType.Int4, [2], new byte[1]))]));

    private static bool ReadsOrRefuses(byte[] bytes)
    {
        try
        {
            SafetensorsFile.Read(bytes, "mutated");
        }
        catch (AutLearnException)
        {
            return true;
        }

        return true;
    }

    private static SafetensorsFile Sample()
    {
        var tensors = new Dictionary<string, Tensor>();
        var random = new Random(7);
        foreach (ElementType type in Types)
        {
            foreach (long[] shape in new long[][] { [], [3], [2, 3], [0, 5] })
            {
                byte[] bytes = new byte[type.SizeInBytes(shape.Aggregate(1L, (a, b) => a * b))];
                random.NextBytes(bytes);
                tensors.Add($"{type}/{shape.Length}/\u00e9{shape.FirstOrDefault()}", new Tensor(type, shape, bytes));
            }
        }

        return new(tensors, new Dictionary<string, string> { ["version"] = "3", ["note"] = "\u00fcber" });
    }
}
