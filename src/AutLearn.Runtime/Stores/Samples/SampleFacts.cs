using System.Buffers.Binary;
using System.Text;

namespace AutLearn.Runtime.Stores.Samples;

/// <summary>The bytes of a <see cref="StoredSample"/> before encryption: format, flags, label, time, expiry, content key, size, both times on the store's own clock, the length of the labels and the labels where there are any, source.</summary>
internal static class SampleFacts
{
    public const int SourceLimit = 1024;
    private const byte Format = 2;

    // Written only where there are labels of another kind than a class, so that versions without them read all else.
    private const byte FormatOfLabels = 3;
    private const byte FormatOfWallClock = 1;
    private const int FixedOfWallClock = 2 + (4 * sizeof(long)) + sizeof(int);
    private const int Fixed = FixedOfWallClock + (2 * sizeof(long));
    private const byte HasLabel = 1;
    private const byte HasConsent = 2;

    // Strict: a source that cannot be written exactly is refused rather than stored as another.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static int SizeOf(string source) => Utf8.GetByteCount(source);

    public static byte[] Encode(StoredSample sample)
    {
        int labels = sample.Labels.IsEmpty ? 0 : sizeof(int) + sample.Labels.Length;
        byte[] bytes = new byte[Fixed + labels + Utf8.GetByteCount(sample.Source)];
        bytes[0] = labels == 0 ? Format : FormatOfLabels;
        bytes[1] = (byte)((sample.Label is null ? 0 : HasLabel) | (sample.Consent == SampleConsent.Given ? HasConsent : 0));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2), sample.Label ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(10), sample.Time.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(18), sample.ExpiresAt?.UtcTicks ?? long.MaxValue);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(26), sample.ContentKey);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(34), sample.SizeInBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(38), sample.Arose.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(46), sample.Leaves.Ticks);
        if (labels > 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Fixed), sample.Labels.Length);
            sample.Labels.Span.CopyTo(bytes.AsSpan(Fixed + sizeof(int)));
        }

        Utf8.GetBytes(sample.Source, bytes.AsSpan(Fixed + labels));
        return bytes;
    }

    /// <summary>Null for another format; the bytes are authentic, so that only a newer version can have written it.</summary>
    /// <param name="id">The sample's number.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="epoch">The wall clock at age zero of the store's own clock, for samples from before there was one.</param>
    public static StoredSample? Decode(long id, ReadOnlySpan<byte> bytes, DateTimeOffset epoch)
    {
        if (bytes.Length < FixedOfWallClock || bytes[0] is not (Format or FormatOfLabels or FormatOfWallClock) || (bytes[0] != FormatOfWallClock && bytes.Length < Fixed))
            return null;
        long expires = BinaryPrimitives.ReadInt64LittleEndian(bytes[18..]);
        bool hasAge = bytes[0] != FormatOfWallClock;
        ReadOnlySpan<byte> rest = bytes[(hasAge ? Fixed : FixedOfWallClock)..];
        byte[] labels = [];
        if (bytes[0] == FormatOfLabels)
        {
            if (rest.Length < sizeof(int) || BinaryPrimitives.ReadInt32LittleEndian(rest) is var length && (length < 1 || length > rest.Length - sizeof(int)))
                return null;
            labels = rest.Slice(sizeof(int), length).ToArray();
            rest = rest[(sizeof(int) + length)..];
        }

        StoredSample sample = new(
            id,
            (bytes[1] & HasLabel) != 0 ? BinaryPrimitives.ReadInt64LittleEndian(bytes[2..]) : null,
            Utf8.GetString(rest),
            new(BinaryPrimitives.ReadInt64LittleEndian(bytes[10..]), TimeSpan.Zero),
            (bytes[1] & HasConsent) != 0 ? SampleConsent.Given : SampleConsent.Withheld,
            expires == long.MaxValue ? null : new(expires, TimeSpan.Zero),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[34..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[26..]))
        {
            Labels = labels,
        };
        return hasAge
            ? sample with { Arose = new(BinaryPrimitives.ReadInt64LittleEndian(bytes[38..])), Leaves = new(BinaryPrimitives.ReadInt64LittleEndian(bytes[46..])) }
            : sample with { Arose = sample.Time - epoch, Leaves = sample.ExpiresAt - epoch ?? TimeSpan.MaxValue };
    }
}
