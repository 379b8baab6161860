using System.Buffers.Binary;
using System.IO.Compression;
using AutLearn.Cloud.Data;
using AutLearn.Graph;
using AutLearn.Testing.Hostile;
using CsCheck;

namespace AutLearn.Cloud.Tests.Data;

[Trait("Category", "Unit")]
public sealed class IdxFileTests
{
    [Fact]
    public void Read_Bytes_GivesDimensionsAndElements()
    {
        IdxFile file = Read(Idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6]));
        Assert.Equal(ElementType.UInt8, file.ElementType);
        Assert.Equal([2, 3], file.Dimensions.ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6], file.Data.ToArray());
    }

    [Fact]
    public void Read_Gzip_GivesTheSame()
    {
        IdxFile file = Read(Zip(Idx(0x08, [3], [7, 8, 9])));
        Assert.Equal([7, 8, 9], file.ToInt32());
    }

    [Fact]
    public void ToInt32_BigEndianInt32_GivesValues()
    {
        IdxFile file = Read(Idx(0x0C, [2], [0, 0, 1, 2, 0xff, 0xff, 0xff, 0xfe]));
        Assert.Equal([258, -2], file.ToInt32());
    }

    [Fact]
    public void ToInt32_Int16AndInt8_KeepTheSign()
    {
        Assert.Equal([-2], Read(Idx(0x0B, [1], [0xff, 0xfe])).ToInt32());
        Assert.Equal([-1], Read(Idx(0x09, [1], [0xff])).ToInt32());
    }

    [Fact]
    public void ToInt32_Floats_Refuses() =>
        Assert.Contains("Float32", Assert.Throws<DataFileException>(() => Read(Idx(0x0D, [1], [0, 0, 0, 0])).ToInt32()).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_GzipOfZeros_IsRefusedBeforeItIsUnpacked()
    {
        // A gigabyte of zeros packs to about a megabyte.
        byte[] header = Idx(0x08, [1 << 30], []);
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zip.Write(header);
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 1 << 10; i++)
                zip.Write(zeros);
        }

        packed.Position = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<DataFileException>(() => IdxFile.Read(packed, "bomb.gz"));
        Assert.Contains("cannot hold", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_DamagedFiles_RaisesNothingButItsOwnErrorAndTakesLittle(bool isZipped)
    {
        byte[] plain = Idx(0x08, [40, 5, 5], new byte[1000]);
        int accepted = ParserFuzz.Run(
            [isZipped ? Zip(plain) : plain], b => IdxFile.Read(new MemoryStream(b), "fuzzed").Dimensions, e => e is DataFileException, firstSeed: 1, cases: 3000, freeBytes: 1 << 20, bytesPerByte: 1100);
        Assert.InRange(accepted, 1, 2999);
    }

    [Fact]
    public void Read_EmptyFile_IsRefused()
    {
        using var folder = new AutLearn.Testing.TemporaryFolder();
        Assert.Contains("is empty", Assert.Throws<DataFileException>(() => IdxFile.Read(folder.Write("empty", []))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "4-byte IDX header")]
    [InlineData("0000", "4-byte IDX header")]
    [InlineData("00000800", "is no IDX file")]
    [InlineData("00000809", "is no IDX file")]
    [InlineData("00000A01", "is no IDX file")]
    [InlineData("89504E47", "is no IDX file")]
    [InlineData("000008020000", "sizes of its 2 dimensions")]
    [InlineData("00000801FFFFFFFF", "dimension 0 has size -1")]
    [InlineData("000008037FFFFFFF7FFFFFFF7FFFFFFF", "claims more than")]
    [InlineData("0000080400000000" + "7FFFFFFF7FFFFFFF7FFFFFFF", "claims more than")]
    [InlineData("0000080100000003" + "0102", "ends after 2 of 3 bytes")]
    [InlineData("0000080100000001" + "0102", "goes on after the 1 bytes")]
    [InlineData("1F8B0800", "")]
    public void Read_Damaged_NamesFileAndFault(string hex, string fault)
    {
        var e = Assert.Throws<DataFileException>(() => Read(Convert.FromHexString(hex)));
        Assert.StartsWith("some.idx: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        Assert.Equal("some.idx", e.File);
    }

    [Fact]
    public void Read_HeaderClaimsAGigabyte_AllocatesOnlyWhatArrives()
    {
        byte[] hostile = Zip(Idx(0x08, [1 << 30], new byte[100]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DataFileException>(() => Read(hostile));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void Read_Missing_NamesFile() =>
        Assert.Equal("no/such.idx: the file does not exist.", Assert.Throws<DataFileException>(() => IdxFile.Read("no/such.idx")).Message);

    [Fact]
    public void Read_MutatedFile_ThrowsOnlyDataFileException() =>
        (from zipped in Gen.Bool
         from cut in Gen.Int[0, 60]
         from edits in Gen.Select(Gen.Int[0, 59], Gen.Byte).Array[0, 6]
         select (zipped, cut, edits)).Sample(c =>
         {
             byte[] bytes = Idx(0x08, [2, 3, 4], [.. Enumerable.Range(0, 24).Select(i => (byte)i)]);
             if (c.zipped)
                 bytes = Zip(bytes);
             foreach ((int at, byte value) in c.edits)
                 bytes[at % bytes.Length] = value;
             try
             {
                 Read(bytes[..Math.Min(bytes.Length, c.cut)]);
             }
             catch (DataFileException)
             {
             }
         }, iter: 3000);

    internal static byte[] Idx(byte type, int[] dimensions, byte[] data)
    {
        byte[] bytes = new byte[4 + (4 * dimensions.Length) + data.Length];
        bytes[2] = type;
        bytes[3] = (byte)dimensions.Length;
        for (int i = 0; i < dimensions.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 + (4 * i)), dimensions[i]);
        data.CopyTo(bytes, 4 + (4 * dimensions.Length));
        return bytes;
    }

    internal static byte[] Zip(byte[] bytes)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return zipped.ToArray();
    }

    private static IdxFile Read(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return IdxFile.Read(stream, "some.idx");
    }
}
