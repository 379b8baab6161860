namespace AutLearn.Augment.Text;

/// <summary>A sentence under edit: words and the gaps around them as ranges of one buffer. Reused, so that edits allocate nothing.</summary>
/// <remarks>Word i stands between gap i and gap i + 1. Not safe for use by several threads.</remarks>
internal sealed class EdaSentence
{
    private char[] _buffer = new char[512];
    private Word[] _words = new Word[64];
    private (int Start, int Length)[] _gaps = new (int, int)[65];
    private int _used;

    public int WordCount { get; private set; }

    public ReadOnlySpan<char> WordAt(int index) => _buffer.AsSpan(_words[index].Start, _words[index].Length);

    public void Load(ReadOnlySpan<char> text, ITextSegmenter segmenter)
    {
        _used = 0;
        WordCount = 0;
        Append(text);
        int from = 0;
        while (true)
        {
            (int start, int length) = segmenter.NextWord(text, from);
            if (length == 0)
                break;
            if (start < from || start + length > text.Length)
                throw new InvalidOperationException($"The segmenter returned the range {start}+{length} after position {from} of a text of {text.Length} characters.");
            Reserve(WordCount + 1);
            _gaps[WordCount] = (from, start - from);
            _words[WordCount] = new(start, length, WordCount);
            WordCount++;
            from = start + length;
        }

        Reserve(WordCount);
        _gaps[WordCount] = (from, text.Length - from);
    }

    public void Replace(int index, ReadOnlySpan<char> word)
    {
        int start = Append(word);
        _words[index] = new(start, word.Length, _words[index].Source);
    }

    /// <summary>Inserts a word before the word at an index, or after the last one.</summary>
    public void Insert(int index, ReadOnlySpan<char> word, ReadOnlySpan<char> separator)
    {
        Reserve(WordCount + 1);
        int start = Append(word);
        int separatorStart = Append(separator);
        _words.AsSpan(index, WordCount - index).CopyTo(_words.AsSpan(index + 1));
        _gaps.AsSpan(index, WordCount + 1 - index).CopyTo(_gaps.AsSpan(index + 1));
        _words[index] = new(start, word.Length, -1);

        // Inside a sentence the old gap stays before the new word; at its end the closing punctuation stays behind it.
        if (index < WordCount)
            _gaps[index + 1] = (separatorStart, separator.Length);
        else
            _gaps[index] = (separatorStart, separator.Length);
        WordCount++;
    }

    public void Swap(int first, int second) => (_words[first], _words[second]) = (_words[second], _words[first]);

    public void Delete(int index)
    {
        (int Start, int Length) before = _gaps[index];
        (int Start, int Length) after = _gaps[index + 1];
        _words.AsSpan(index + 1, WordCount - index - 1).CopyTo(_words.AsSpan(index));
        _gaps.AsSpan(index + 1, WordCount - index).CopyTo(_gaps.AsSpan(index));
        WordCount--;

        // Of the blanks around a deleted word one is enough; punctuation is kept on both sides.
        ReadOnlySpan<char> left = _buffer.AsSpan(before.Start, before.Length);
        ReadOnlySpan<char> right = _buffer.AsSpan(after.Start, after.Length);
        if (right.IsWhiteSpace())
        {
            _gaps[index] = before;
        }
        else if (left.IsWhiteSpace())
        {
            _gaps[index] = after;
        }
        else
        {
            if (char.IsWhiteSpace(left[^1]))
                before.Length = left.TrimEnd().Length;
            int start = Append(before);
            Append(after);
            _gaps[index] = (start, before.Length + after.Length);
        }
    }

    public string Compose()
    {
        int length = _gaps[WordCount].Length;
        for (int i = 0; i < WordCount; i++)
            length += _gaps[i].Length + _words[i].Length;
        return string.Create(length, this, static (span, self) => self.CopyTo(span));
    }

    /// <summary>Tells whether the sentence reads the same as a text, without composing it.</summary>
    public bool Equals(ReadOnlySpan<char> text)
    {
        for (int i = 0; i <= WordCount; i++)
        {
            if (!Consume(ref text, _gaps[i].Start, _gaps[i].Length))
                return false;
            if (i < WordCount && !Consume(ref text, _words[i].Start, _words[i].Length))
                return false;
        }

        return text.IsEmpty;
    }

    public WordOffset[] Offsets()
    {
        var offsets = new WordOffset[WordCount];
        int position = 0;
        for (int i = 0; i < WordCount; i++)
        {
            position += _gaps[i].Length;
            offsets[i] = new(position, _words[i].Length, _words[i].Source);
            position += _words[i].Length;
        }

        return offsets;
    }

    private bool Consume(ref ReadOnlySpan<char> text, int start, int length)
    {
        if (!text.StartsWith(_buffer.AsSpan(start, length)))
            return false;
        text = text[length..];
        return true;
    }

    private void CopyTo(Span<char> target)
    {
        for (int i = 0; i <= WordCount; i++)
        {
            _buffer.AsSpan(_gaps[i].Start, _gaps[i].Length).CopyTo(target);
            target = target[_gaps[i].Length..];
            if (i < WordCount)
            {
                _buffer.AsSpan(_words[i].Start, _words[i].Length).CopyTo(target);
                target = target[_words[i].Length..];
            }
        }
    }

    private int Append((int Start, int Length) range)
    {
        Grow(range.Length);
        int start = _used;
        _buffer.AsSpan(range.Start, range.Length).CopyTo(_buffer.AsSpan(start));
        _used += range.Length;
        return start;
    }

    private int Append(ReadOnlySpan<char> text)
    {
        Grow(text.Length);
        int start = _used;
        text.CopyTo(_buffer.AsSpan(start));
        _used += text.Length;
        return start;
    }

    private void Grow(int length)
    {
        if (_used + length > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _used + length));
    }

    private void Reserve(int words)
    {
        if (words < _words.Length)
            return;
        Array.Resize(ref _words, _words.Length * 2);
        Array.Resize(ref _gaps, _words.Length + 1);
    }

    private readonly record struct Word(int Start, int Length, int Source);
}
