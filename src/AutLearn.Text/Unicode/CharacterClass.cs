namespace AutLearn.Text.Unicode;

/// <summary>What the tokenizer asks of a character.</summary>
internal readonly struct CharacterClass
{
    private const byte WordBreakBits = 31;
    private const byte PictographicBit = 32;
    private const byte PresentationBit = 64;
    private const byte AlphanumericBit = 128;

    private static readonly PageTable Table = new(WordBreakData.Ranges);

    private readonly byte _value;

    private CharacterClass(byte value) => _value = value;

    /// <summary>Gets the class of what stands behind the end.</summary>
    public static CharacterClass End { get; } = new((byte)WordBreakClass.End);

    public WordBreakClass WordBreak => (WordBreakClass)(_value & WordBreakBits);

    /// <summary>Gets whether the character may take part in an emoji sequence.</summary>
    public bool IsPictographic => (_value & PictographicBit) != 0;

    /// <summary>Gets whether the character alone is shown as an emoji.</summary>
    public bool IsEmoji => (_value & PresentationBit) != 0;

    /// <summary>Gets whether the character is a letter or a number of any script.</summary>
    public bool IsAlphanumeric => (_value & AlphanumericBit) != 0;

    /// <summary>Reads the character at an index; an unpaired surrogate is one of no class.</summary>
    public static CharacterClass At(ReadOnlySpan<char> text, int index, out int length)
    {
        length = 1;
        if ((uint)index >= (uint)text.Length)
            return End;
        char c = text[index];
        if (char.IsHighSurrogate(c) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            length = 2;
            return new(Table[char.ConvertToUtf32(c, text[index + 1])]);
        }

        return new(Table[c]);
    }
}
