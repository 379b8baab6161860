namespace AutLearn.Augment.Images.Decoding;

/// <summary>Tells whether a PBM, PGM or PPM file (Netpbm's formats P1 to P6) has all its pixels.</summary>
internal static class PbmFile
{
    public static bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        byte kind = bytes[1];
        int at = 2;
        long width = Number(bytes, ref at), height = Number(bytes, ref at);
        long maximum = kind is (byte)'1' or (byte)'4' ? 1 : Number(bytes, ref at);
        if (width < 0 || height < 0 || maximum < 0)
            return false;
        long samples = width * height * (kind is (byte)'3' or (byte)'6' ? 3 : 1);

        // The rest is binary behind one blank, or numbers as text; bits as text need no blanks between them.
        return kind switch
        {
            (byte)'4' => at + 1 + ((width + 7) / 8 * height) <= bytes.Length,
            (byte)'5' or (byte)'6' => at + 1 + (samples * (maximum > 255 ? 2 : 1)) <= bytes.Length,
            (byte)'1' => Digits(bytes[at..]) >= samples,
            _ => Words(bytes[at..]) >= samples,
        };
    }

    // At most 2^31; -1 where there is none.
    private static long Number(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length && (IsBlank(bytes[at]) || bytes[at] == '#'))
        {
            if (bytes[at] == '#')
            {
                int end = bytes[at..].IndexOf((byte)'\n');
                if (end < 0)
                    return -1;
                at += end;
            }

            at++;
        }

        long value = -1;
        for (; at < bytes.Length && bytes[at] is >= (byte)'0' and <= (byte)'9'; at++)
            value = Math.Min(int.MaxValue, (Math.Max(0, value) * 10) + bytes[at] - '0');
        return value;
    }

    private static int Digits(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        foreach (byte b in bytes)
            count += b is (byte)'0' or (byte)'1' ? 1 : 0;
        return count;
    }

    private static int Words(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        bool isInside = false;
        foreach (byte b in bytes)
        {
            count += !IsBlank(b) && !isInside ? 1 : 0;
            isInside = !IsBlank(b);
        }

        return count;
    }

    private static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r';
}
