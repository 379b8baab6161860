using System.Buffers.Binary;
using System.Text;

namespace AutLearn.Testing.Torch;

/// <summary>Makes one undefined, versioned symbol of a 64-bit little-endian ELF library optional, and the version it asks for too.</summary>
/// <remarks>System V ABI, chapter 4, and the Linux Standard Base, section 10.7 (symbol versioning).</remarks>
public static class ElfSymbolRelaxation
{
    /// <summary>The marker that headers of libstdc++ 13 refer to so that old libraries fail to load; it is never called.</summary>
    public const string Symbol = "_ZSt21ios_base_library_initv";

    private const string Version = "GLIBCXX_3.4.32";
    private const uint DynamicSymbols = 11;
    private const uint VersionNeeds = 0x6ffffffe;
    private const uint VersionSymbols = 0x6fffffff;
    private const ushort WeakVersion = 2;
    private const ushort AnyGlobalVersion = 1;
    private const byte WeakBinding = 2;
    private const int SymbolSize = 24;

    /// <summary>Edits the image of a library in place.</summary>
    /// <returns>Whether anything changed; false where the library does not ask for the symbol or has been edited before.</returns>
    /// <exception cref="BadImageFormatException">The image is no 64-bit little-endian ELF library, or it needs more of that version than the marker.</exception>
    public static bool Relax(Span<byte> image)
    {
        try
        {
            return RelaxSections(image);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new BadImageFormatException("The library's section tables point outside the file.", e);
        }
    }

    private static bool RelaxSections(Span<byte> image)
    {
        if (image.Length < 64 || !image.StartsWith("\u007fELF"u8) || image[4] != 2 || image[5] != 1)
            throw new BadImageFormatException("The file is no 64-bit little-endian ELF library.");
        Section[] sections = ReadSections(image);
        Section symbols = Array.Find(sections, s => s.Type == DynamicSymbols);
        Section versions = Array.Find(sections, s => s.Type == VersionSymbols);
        Section needs = Array.Find(sections, s => s.Type == VersionNeeds);
        if (symbols.Size == 0 || versions.Size == 0 || needs.Size == 0)
            return false;
        int need = FindVersionNeed(image, needs, sections[needs.Link]);
        if (need < 0)
            return false;

        ushort wanted = BinaryPrimitives.ReadUInt16LittleEndian(image[(need + 6)..]);
        bool changed = false;
        for (int i = 0; i < symbols.Size / SymbolSize; i++)
        {
            Span<byte> version = image.Slice(versions.Offset + (2 * i), 2);
            if ((BinaryPrimitives.ReadUInt16LittleEndian(version) & 0x7fff) != wanted)
                continue;
            Span<byte> symbol = image.Slice(symbols.Offset + (SymbolSize * i), SymbolSize);
            string name = ReadName(image, sections[symbols.Link], BinaryPrimitives.ReadUInt32LittleEndian(symbol));
            if (name != Symbol || BinaryPrimitives.ReadUInt16LittleEndian(symbol[6..]) != 0)
                throw new BadImageFormatException($"The library needs '{name}' of {Version}, which cannot be left out.");
            symbol[4] = (byte)((WeakBinding << 4) | (symbol[4] & 0xf));
            BinaryPrimitives.WriteUInt16LittleEndian(version, AnyGlobalVersion);
            changed = true;
        }

        Span<byte> flags = image.Slice(need + 4, 2);
        changed |= (BinaryPrimitives.ReadUInt16LittleEndian(flags) & WeakVersion) == 0;
        flags[0] |= (byte)WeakVersion;
        return changed;
    }

    private static Section[] ReadSections(ReadOnlySpan<byte> image)
    {
        int table = checked((int)BinaryPrimitives.ReadInt64LittleEndian(image[40..]));
        int size = BinaryPrimitives.ReadUInt16LittleEndian(image[58..]);
        var sections = new Section[BinaryPrimitives.ReadUInt16LittleEndian(image[60..])];
        for (int i = 0; i < sections.Length; i++)
        {
            ReadOnlySpan<byte> header = image.Slice(table + (i * size), 64);
            sections[i] = new(
                BinaryPrimitives.ReadUInt32LittleEndian(header[4..]),
                checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[24..])),
                checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[32..])),
                checked((int)BinaryPrimitives.ReadUInt32LittleEndian(header[40..])));
        }

        return sections;
    }

    // A chain of libraries, each with a chain of versions; both chains hold offsets relative to the entry itself, 0 at the end.
    private static int FindVersionNeed(ReadOnlySpan<byte> image, Section needs, Section names)
    {
        for (int library = needs.Offset; ;)
        {
            int count = BinaryPrimitives.ReadUInt16LittleEndian(image[(library + 2)..]);
            int entry = library + BinaryPrimitives.ReadInt32LittleEndian(image[(library + 8)..]);
            for (int i = 0; i < count; i++)
            {
                if (ReadName(image, names, BinaryPrimitives.ReadUInt32LittleEndian(image[(entry + 8)..])) == Version)
                    return entry;
                entry += BinaryPrimitives.ReadInt32LittleEndian(image[(entry + 12)..]);
            }

            int next = BinaryPrimitives.ReadInt32LittleEndian(image[(library + 12)..]);
            if (next <= 0)
                return -1;
            library += next;
        }
    }

    private static string ReadName(ReadOnlySpan<byte> image, Section names, uint offset)
    {
        ReadOnlySpan<byte> rest = image.Slice(names.Offset, names.Size)[checked((int)offset)..];
        return Encoding.ASCII.GetString(rest[..Math.Max(0, rest.IndexOf((byte)0))]);
    }

    private readonly record struct Section(uint Type, int Offset, int Size, int Link);
}
