using System.Text;

namespace AutLearn.Cloud.Data;

/// <summary>Reads lines without ever holding one that is too long, nor more text than a file may unpack to.</summary>
/// <param name="reader">The text.</param>
/// <param name="path">What to call it in messages.</param>
/// <param name="longestLine">The most characters of a line.</param>
/// <param name="mostCharacters">The most characters of all lines.</param>
internal sealed class BoundedLines(TextReader reader, string path, int longestLine, long mostCharacters)
{
    private readonly char[] _buffer = new char[1 << 14];
    private int _at;
    private int _end;
    private long _read;

    /// <summary>Gets the number of the last line, from 1.</summary>
    public int Row { get; private set; }

    /// <summary>Reads the next line, without its end; null where there is none.</summary>
    /// <exception cref="DataFileException">The line or the text is too long.</exception>
    public string? Next()
    {
        StringBuilder? line = null;
        while (Fill())
        {
            line ??= new StringBuilder();
            ReadOnlySpan<char> rest = _buffer.AsSpan(_at, _end - _at);
            int length = rest.IndexOf('\n');
            line.Append(length < 0 ? rest : rest[..length]);
            _at += length < 0 ? rest.Length : length + 1;
            if (line.Length > longestLine)
                throw new DataFileException(path, $"row {Row + 1} has more than {longestLine} characters, the most that a line may have.");
            if (length >= 0)
                break;
        }

        if (line is null)
            return null;
        Row++;
        if (line.Length > 0 && line[^1] == '\r')
            line.Length--;
        return line.ToString();
    }

    private bool Fill()
    {
        if (_at < _end)
            return true;
        (_at, _end) = (0, reader.Read(_buffer, 0, _buffer.Length));
        _read += _end;
        return _read <= mostCharacters ? _end > 0 : throw new DataFileException(path, $"unpacks to more than {mostCharacters} characters, which its size does not explain.");
    }
}
