using AutLearn.Graph.Artifacts;
using AutLearn.Text;
using Microsoft.ML.Tokenizers;

namespace AutLearn.Tokenizers;

/// <summary>A tokenizer that a pretrained model brought along, read by Microsoft.ML.Tokenizers.</summary>
/// <remarks>
/// Text that spells a special token is text. Nothing depends on the culture or on whether the app has ICU: what BERT's tokenizer wants in
/// lower case or without accents is made so before. Safe for use by several threads.
/// </remarks>
public sealed class PretrainedTokenizer : ITextTokenizer
{
    private const int LongestWord = 2048;

    private readonly Tokenizer _tokenizer;
    private readonly TextSpec _spec;
    private readonly Dictionary<int, string> _tokens;
    private readonly HashSet<long> _special;

    private PretrainedTokenizer(Tokenizer tokenizer, TextSpec spec, IEnumerable<KeyValuePair<string, int>> vocabulary)
    {
        _tokenizer = tokenizer;
        _spec = spec;
        _tokens = [];
        foreach ((string token, int number) in vocabulary)
            _tokens.TryAdd(number, token);
        Count = _tokens.Count == 0 ? 0 : _tokens.Keys.Max() + 1;
        _special = [spec.Padding, spec.Start ?? spec.Padding, spec.End ?? spec.Padding];
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>Opens a tokenizer of any kind; give this method to <c>TextEncoder.Of</c>.</summary>
    /// <param name="text">Its files, as a package carries them.</param>
    /// <exception cref="InvalidArtifactException">A file is damaged, or larger than a tokenizer is.</exception>
    public static ITextTokenizer Open(TextArtifacts text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Problem() is { } problem)
            throw new InvalidArtifactException($"The text cannot be used: {problem}.");
        string file = text.Spec.Files[0];
        foreach ((string name, ReadOnlyMemory<byte> content) in text.Files)
        {
            if (content.Length > TokenizerFiles.LargestFile)
                throw new InvalidArtifactException($"The tokenizer's file '{name}' has {content.Length} bytes, more than the {TokenizerFiles.LargestFile} that one may have.") { File = name };
        }

        try
        {
            return text.Spec.Tokenizer switch
            {
                TextTokenizerKind.Words => WordVocabulary.Parse(text.Files[file].Span),
                TextTokenizerKind.WordPiece => WordPiece(text),
                TextTokenizerKind.BytePairs => BytePairs(text),
                _ => SentencePiece(text),
            };
        }
        catch (Exception e) when (e is not (InvalidArtifactException or OutOfMemoryException))
        {
            // What a reader of foreign files may throw is its own affair; here it all means one thing.
            throw new InvalidArtifactException($"The tokenizer's file '{file}' cannot be used: {e.Message}", e) { File = file };
        }
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, ICollection<long> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        string read = TokenizerText.Prepare(text, _spec);
        foreach (string piece in _spec.Tokenizer == TextTokenizerKind.WordPiece ? BertWords.Split(read) : TokenizerText.Pieces(read, LongestWord))
        {
            IReadOnlyList<int> numbers = _tokenizer is SentencePieceTokenizer sentences
                ? sentences.EncodeToIds(piece, addBeginningOfSentence: false, addEndOfSentence: false)
                : _tokenizer.EncodeToIds(piece);
            foreach (int number in numbers)
                tokens.Add(number);
        }
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<long> tokens)
    {
        var numbers = new List<int>(tokens.Length);
        foreach (long token in tokens)
        {
            if (token < 0 || token >= Count)
                throw new ArgumentOutOfRangeException(nameof(tokens), token, "No token has this number.");
            if (!_special.Contains(token))
                numbers.Add((int)token);
        }

        return _tokenizer.Decode(numbers) ?? "";
    }

    /// <inheritdoc/>
    public string TokenAt(int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Count);
        return _tokens.GetValueOrDefault(token, "");
    }

    /// <summary>Gets the numbers of the pieces.</summary>
    internal IReadOnlyDictionary<string, int> Pieces()
    {
        var pieces = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((int number, string piece) in _tokens)
            pieces.TryAdd(piece, number);
        return pieces;
    }

    private static PretrainedTokenizer WordPiece(TextArtifacts text)
    {
        ReadOnlyMemory<byte> content = text.Files[text.Spec.Files[0]];
        IReadOnlyDictionary<string, int> vocabulary = TokenizerFiles.WordPieces(content.Span);
        using var stream = new MemoryStream(content.ToArray());
        WordPieceTokenizer tokenizer = WordPieceTokenizer.Create(stream, new WordPieceOptions { PreTokenizer = PreTokenizer.CreateWhiteSpace() });
        return new(tokenizer, text.Spec, vocabulary);
    }

    private static PretrainedTokenizer BytePairs(TextArtifacts text)
    {
        IReadOnlyDictionary<string, int> vocabulary = TokenizerFiles.PieceNumbers(text.Files[text.Spec.Files[0]]);
        BpeTokenizer tokenizer = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            ByteLevel = true,
            Merges = TokenizerFiles.Merges(text.Files[text.Spec.Files[1]].Span),
            PreTokenizer = RobertaPreTokenizer.Instance,
        });
        return new(tokenizer, text.Spec, vocabulary);
    }

    private static PretrainedTokenizer SentencePiece(TextArtifacts text)
    {
        using var stream = new MemoryStream(text.Files[text.Spec.Files[0]].ToArray());
        SentencePieceTokenizer tokenizer = SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false);
        return new(tokenizer, text.Spec, tokenizer.Vocabulary);
    }
}
