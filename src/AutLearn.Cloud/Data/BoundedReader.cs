namespace AutLearn.Cloud.Data;

/// <summary>Reads no more characters than a file may unpack to.</summary>
internal sealed class BoundedReader(TextReader reader, string path, long mostCharacters) : TextReader
{
    private long _read;

    public override int Peek() => reader.Peek();

    public override int Read() => reader.Read() is >= 0 and var c ? Counted(1, c) : -1;

    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    public override int Read(Span<char> buffer)
    {
        int read = reader.Read(buffer);
        return Counted(read, read);
    }

    private int Counted(int count, int result) => (_read += count) <= mostCharacters
        ? result
        : throw new DataFileException(path, $"unpacks to more than {mostCharacters} characters, which its size does not explain.");
}
