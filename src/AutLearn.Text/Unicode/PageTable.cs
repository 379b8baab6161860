namespace AutLearn.Text.Unicode;

/// <summary>A byte for every code point, in pages of which equal ones stand once.</summary>
internal sealed class PageTable
{
    private const int PageBits = 8;
    private const int PageSize = 1 << PageBits;
    private const int CodePoints = 0x110000;

    private readonly byte[] _pages;
    private readonly ushort[] _pageOf = new ushort[CodePoints >> PageBits];

    /// <summary>Spreads ranges: the first code point times 256 plus the value, in order, up to the next.</summary>
    public PageTable(ReadOnlySpan<int> ranges)
    {
        var pages = new List<byte>();
        var known = new Dictionary<string, ushort>(StringComparer.Ordinal);
        Span<byte> page = stackalloc byte[PageSize];
        Span<char> key = stackalloc char[PageSize];
        int next = 0;
        byte value = 0;
        for (int start = 0; start < CodePoints; start += PageSize)
        {
            for (int i = 0; i < PageSize; i++)
            {
                while (next < ranges.Length && ranges[next] >> 8 <= start + i)
                    value = (byte)ranges[next++];
                page[i] = value;
                key[i] = (char)value;
            }

            string text = key.ToString();
            if (!known.TryGetValue(text, out ushort number))
            {
                number = (ushort)known.Count;
                known.Add(text, number);
                pages.AddRange(page);
            }

            _pageOf[start >> PageBits] = number;
        }

        _pages = [.. pages];
    }

    /// <summary>Gets the value of a code point in [0, 0x10FFFF].</summary>
    public byte this[int codePoint] => _pages[(_pageOf[codePoint >> PageBits] << PageBits) | (codePoint & (PageSize - 1))];
}
