using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace AutLearn.Augment.Text;

/// <summary>Reads and writes synonym tables.</summary>
/// <remarks>
/// The file: "ALSYN1\n", the length of the plain content (UInt32, little-endian), then the content compressed with Brotli.
/// Content: counts; words front-coded against their predecessor; groups of senses, a set being named by how long ago it
/// first appeared; further members of sets that no sense names; irregular forms. Numbers are LEB128.
/// </remarks>
public static class SynonymTableFile
{
    private const int MaxContentInBytes = 64 << 20;

    private static ReadOnlySpan<byte> Magic => "ALSYN1\n"u8;

    /// <summary>Writes the table; equal tables give equal bytes.</summary>
    public static void Save(SynonymTable table, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(stream);
        using var content = new MemoryStream();
        Write(content, table.Count);
        Write(content, table.SynsetCount);
        byte[] previous = [];
        for (int id = 0; id < table.Count; id++)
        {
            byte[] word = Encoding.UTF8.GetBytes(table.WordAt(id).ToString());
            int shared = previous.AsSpan().CommonPrefixLength(word);
            Write(content, shared);
            Write(content, word.Length - shared);
            content.Write(word.AsSpan(shared));
            previous = word;
        }

        var appearance = new Dictionary<int, int>();
        for (int id = 0; id < table.Count; id++)
        {
            Write(content, table.GroupCount(id));
            for (int g = 0; g < table.GroupCount(id); g++)
            {
                content.WriteByte(table.GroupHeader(id, g));
                ReadOnlySpan<int> senses = table.GroupSenses(id, g);
                Write(content, senses.Length);
                foreach (int synset in senses)
                {
                    if (appearance.TryGetValue(synset, out int first))
                    {
                        Write(content, appearance.Count - first);
                    }
                    else
                    {
                        Write(content, 0);
                        appearance.Add(synset, appearance.Count);
                    }
                }
            }
        }

        WriteFurtherMembers(table, content, appearance);
        Write(content, table.Irregular.Length);
        foreach ((int form, int lemma, PartOfSpeech pos) in table.Irregular)
        {
            Write(content, form);
            Write(content, (lemma << 2) | (int)pos);
        }

        stream.Write(Magic);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)content.Length);
        stream.Write(length);
        using var brotli = new BrotliStream(stream, CompressionLevel.SmallestSize, leaveOpen: true);
        content.WriteTo(brotli);
    }

    /// <summary>Reads a table that <see cref="Save"/> wrote.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="name">What to call the file in an error.</param>
    /// <exception cref="InvalidDataException">The file is damaged; the message names it.</exception>
    public static SynonymTable Load(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            return Parse(Decompress(stream));
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or ArgumentException or OverflowException or IndexOutOfRangeException or InvalidOperationException)
        {
            throw new InvalidDataException($"Synonym table '{name}' is damaged: {error.Message} Restore the file or compile it again.", error);
        }
    }

    /// <summary>Reads a table in text form: one set a line, its words separated by tabs; lines that begin with # are comments.</summary>
    /// <param name="reader">The text, in any language.</param>
    /// <param name="name">What to call the file in an error.</param>
    /// <exception cref="InvalidDataException">A line holds fewer than two words; the message names file and line.</exception>
    public static SynonymTable Parse(TextReader reader, string name)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var builder = new SynonymTableBuilder();
        var sets = new Dictionary<string, List<int>>(StringComparer.OrdinalIgnoreCase);
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line[0] == '#')
                continue;
            string[] words = line.Split('\t', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2)
                throw new InvalidDataException($"Synonym table '{name}', line {number}: a set needs at least two words separated by tabs.");
            int synset = builder.AddSynset(words);
            foreach (string word in words)
            {
                if (!sets.TryGetValue(word, out List<int>? own))
                    sets.Add(word, own = []);
                own.Add(synset);
            }
        }

        foreach ((string word, List<int> own) in sets)
            builder.AddSenses(word, PartOfSpeech.Adverb, 0, own);
        return builder.Build();
    }

    private static byte[] Decompress(Stream stream)
    {
        Span<byte> header = stackalloc byte[11];
        stream.ReadExactly(header);
        if (!header[..7].SequenceEqual(Magic))
            throw new InvalidDataException("It does not begin as a synonym table does.");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header[7..]);
        if (length > MaxContentInBytes)
            throw new InvalidDataException($"It claims {length} bytes of content.");
        using var brotli = new BrotliStream(stream, CompressionMode.Decompress, leaveOpen: true);

        // The claimed length is not trusted with an allocation: the buffer grows with what really arrives.
        using var content = new MemoryStream();
        byte[] chunk = new byte[64 << 10];
        int read;
        while ((read = brotli.Read(chunk)) > 0)
        {
            if (content.Length + read > length)
                throw new InvalidDataException("Its content is longer than it claims.");
            content.Write(chunk, 0, read);
        }

        return content.Length == length ? content.ToArray() : throw new EndOfStreamException("Its content is cut short.");
    }

    private static SynonymTable Parse(ReadOnlySpan<byte> content)
    {
        int words = Read(ref content);
        int synsets = Read(ref content);
        if (words > content.Length || synsets > content.Length)
            throw new InvalidDataException("Its counts exceed its content.");
        var builder = new SynonymTableBuilder();
        string[] names = ReadWords(ref content, words);
        var members = new List<List<string>>();
        var groups = new List<(string Word, byte Header, List<int> Synsets)>();
        foreach (string word in names)
        {
            for (int g = Read(ref content); g > 0; g--)
            {
                byte header = Take(ref content, 1)[0];
                var own = new List<int>();
                for (int s = Read(ref content); s > 0; s--)
                {
                    int back = Read(ref content);
                    if (back > members.Count || (back == 0 && members.Count == synsets))
                        throw new InvalidDataException($"Word '{word}' refers to a set that does not exist.");
                    int synset = back == 0 ? members.Count : members.Count - back;
                    if (back == 0)
                        members.Add([]);
                    members[synset].Add(word);
                    own.Add(synset);
                }

                groups.Add((word, header, own));
            }
        }

        for (int count = Read(ref content); count > 0; count--)
        {
            int synset = Read(ref content);
            while (synset >= members.Count && members.Count < synsets)
                members.Add([]);
            members[synset].Add(names[Read(ref content)]);
        }

        foreach (List<string> set in members)
            builder.AddSynset(set);
        foreach ((string word, byte header, List<int> own) in groups)
            builder.AddSenses(word, (PartOfSpeech)(header & 3), header >> 2, own);
        for (int count = Read(ref content); count > 0; count--)
        {
            int form = Read(ref content);
            int lemma = Read(ref content);
            builder.AddIrregular(names[form], names[lemma >> 2], (PartOfSpeech)(lemma & 3));
        }

        return content.IsEmpty ? builder.Build() : throw new InvalidDataException("It holds more than its counts tell.");
    }

    private static string[] ReadWords(ref ReadOnlySpan<byte> content, int count)
    {
        string[] words = new string[count];
        byte[] word = [];
        for (int i = 0; i < count; i++)
        {
            int shared = Read(ref content);
            int own = Read(ref content);
            if (shared > word.Length)
                throw new InvalidDataException($"Word {i} repeats more than its predecessor holds.");
            word = [.. word.AsSpan(0, shared), .. Take(ref content, own)];
            words[i] = Encoding.UTF8.GetString(word);
        }

        return words;
    }

    // Members that name no sense of theirs still belong to their sets.
    private static void WriteFurtherMembers(SynonymTable table, Stream content, Dictionary<int, int> appearance)
    {
        var further = new List<(int Synset, int Member)>();
        for (int synset = 0; synset < table.SynsetCount; synset++)
        {
            if (!appearance.TryGetValue(synset, out int number))
                appearance.Add(synset, number = appearance.Count);
            foreach (int member in table.Members(synset))
            {
                bool named = false;
                for (int g = 0; g < table.GroupCount(member); g++)
                    named |= table.GroupSenses(member, g).Contains(synset);
                if (!named)
                    further.Add((number, member));
            }
        }

        Write(content, further.Count);
        foreach ((int synset, int member) in further.Order())
        {
            Write(content, synset);
            Write(content, member);
        }
    }

    private static void Write(Stream stream, int value)
    {
        uint rest = (uint)value;
        while (rest >= 128)
        {
            stream.WriteByte((byte)(rest | 128));
            rest >>= 7;
        }

        stream.WriteByte((byte)rest);
    }

    private static int Read(ref ReadOnlySpan<byte> content)
    {
        uint value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte next = Take(ref content, 1)[0];
            value |= (uint)(next & 127) << shift;
            if (next < 128)
                return checked((int)value);
        }

        throw new InvalidDataException("A number in it is too long.");
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> content, int count)
    {
        if (count > content.Length)
            throw new EndOfStreamException("Its content is cut short.");
        ReadOnlySpan<byte> taken = content[..count];
        content = content[count..];
        return taken;
    }
}
