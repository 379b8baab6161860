using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Tokenizers;

/// <summary>Reads the tokenizer that came with a pretrained model, so that a package can carry it.</summary>
/// <remarks>
/// Known are <c>vocab.txt</c> (WordPiece), <c>vocab.json</c> with <c>merges.txt</c> (byte-level BPE), <c>tokenizer.json</c> of either kind, and a
/// SentencePiece <c>.model</c>, in the folder of a model hub or by file; <c>tokenizer_config.json</c> beside them is followed.
/// </remarks>
public static class TokenizerFolder
{
    private const string Folder = "text/";
    private const int DefaultLength = 256;

    private static readonly string[] SentencePieceNames = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "sentencepiece.model"];
    private static readonly string[] Names = ["tokenizer.json", "vocab.txt", "vocab.json", .. SentencePieceNames];

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="path">A folder, or one of its files.</param>
    /// <param name="inputs">The model's inputs, which say where tokens, mask and segments go.</param>
    /// <param name="maxLength">The most tokens of a row; null for what the files or the model say, at most 512, or else 256.</param>
    /// <exception cref="AutLearnException">There is no tokenizer of a known kind, or the model has no input for its tokens.</exception>
    /// <exception cref="InvalidArtifactException">A file is damaged.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TextArtifacts Read(string path, ImmutableArray<TensorSpec> inputs, int? maxLength = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Find(path), folder = Path.GetDirectoryName(file)!;
        try
        {
            TokenizerSettings settings = TokenizerSettings.Read(Path.Combine(folder, "tokenizer_config.json"));
            (TextTokenizerKind kind, (string Name, byte[] Content)[] files, IReadOnlyDictionary<string, int> pieces) = Load(file, settings);
            TextSpec spec = Inputs(inputs, maxLength, settings) with
            {
                Tokenizer = kind,
                Files = [.. files.Select(f => Folder + f.Name)],
                IsLowerCase = kind == TextTokenizerKind.WordPiece && settings.IsLowerCase != false,
                DropsAccents = kind == TextTokenizerKind.WordPiece && (settings.DropsAccents ?? settings.IsLowerCase != false),
                AddsPrefixBlank = kind == TextTokenizerKind.BytePairs && settings.AddsPrefixBlank,
            };
            var text = new TextArtifacts(spec, files.ToImmutableSortedDictionary(f => Folder + f.Name, f => (ReadOnlyMemory<byte>)f.Content, StringComparer.Ordinal));

            // SentencePiece numbers its pieces itself.
            pieces = pieces.Count > 0 ? pieces : ((PretrainedTokenizer)PretrainedTokenizer.Open(text)).Pieces();
            text = text with { Spec = WithSpecialTokens(spec, pieces) };
            _ = PretrainedTokenizer.Open(text);
            return text;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new InvalidArtifactException($"The tokenizer '{file}' cannot be used: {e.Message}", e) { File = file };
        }
    }

    private static string Find(string path)
    {
        if (!Directory.Exists(path))
            return File.Exists(path) ? Path.GetFullPath(path) : throw new AutLearnException($"There is no tokenizer at '{path}'.");
        string? found = Names.Select(n => Path.Combine(Path.GetFullPath(path), n)).FirstOrDefault(File.Exists);

        // A tokenizer.json made from a SentencePiece model says the same in a form that is not read here.
        if (found is not null && Path.GetFileName(found) == "tokenizer.json" && SentencePieceNames.Select(n => Path.Combine(path, n)).FirstOrDefault(File.Exists) is { } model)
            found = Path.GetFullPath(model);
        return found ?? throw new AutLearnException($"The folder '{path}' holds no tokenizer of a known kind: {string.Join(", ", Names)}.");
    }

    private static (TextTokenizerKind Kind, (string, byte[])[] Files, IReadOnlyDictionary<string, int> Pieces) Load(string file, TokenizerSettings settings)
    {
        byte[] content = ReadFile(file);
        string name = Path.GetFileName(file);
        if (name.EndsWith(".model", StringComparison.OrdinalIgnoreCase))
            return (TextTokenizerKind.SentencePiece, [("sentencepiece.model", content)], ImmutableDictionary<string, int>.Empty);
        if (name.EndsWith(".txt", StringComparison.OrdinalIgnoreCase))
            return (TextTokenizerKind.WordPiece, [("vocab.txt", content)], TokenizerFiles.WordPieces(content));
        if (name.Equals("tokenizer.json", StringComparison.OrdinalIgnoreCase))
            return TokenizerJson.Read(content, settings);
        if (!name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            throw new AutLearnException($"'{file}' is no tokenizer of a known kind: {string.Join(", ", Names)}.");
        string merges = Path.Combine(Path.GetDirectoryName(file)!, "merges.txt");
        if (!File.Exists(merges))
            throw new AutLearnException($"There is no 'merges.txt' beside '{file}': byte-level BPE needs both.");
        return (TextTokenizerKind.BytePairs, [("vocab.json", content), ("merges.txt", ReadFile(merges))], TokenizerFiles.PieceNumbers(content));
    }

    private static byte[] ReadFile(string path)
    {
        using FileStream file = RegularFile.OpenRead(path);
        if (file.Length > TokenizerFiles.LargestFile)
            throw new InvalidArtifactException($"The tokenizer's file '{path}' has {file.Length} bytes, more than the {TokenizerFiles.LargestFile} that one may have.") { File = path };
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static TextSpec Inputs(ImmutableArray<TensorSpec> inputs, int? maxLength, TokenizerSettings settings)
    {
        TensorSpec[] rows = [.. inputs.Where(i => i.Shape.Length == 2)];
        string? mask = rows.FirstOrDefault(i => i.Name.Contains("mask", StringComparison.OrdinalIgnoreCase))?.Name;
        string? segments = rows.FirstOrDefault(i => i.Name != mask && (i.Name.Contains("type", StringComparison.OrdinalIgnoreCase) || i.Name.Contains("segment", StringComparison.OrdinalIgnoreCase)))?.Name;
        TensorSpec[] tokens = [.. rows.Where(i => i.Name != mask && i.Name != segments && i.ElementType is ElementType.Int64 or ElementType.Int32)];
        if (tokens.Length != 1)
            throw new AutLearnException($"The model has {(tokens.Length == 0 ? "no input" : "several inputs")} that may take tokens (whole numbers [N, T], no mask and no segments). Its inputs are {string.Join(", ", inputs.Select(i => $"'{i.Name}'"))}.");
        int? fixedLength = int.TryParse(tokens[0].Shape[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length) ? length : null;
        if (fixedLength is { } must && maxLength is { } said && said != must)
            throw new AutLearnException($"The model takes rows of {must} tokens, not {said}.");
        return new TextSpec
        {
            Tokenizer = TextTokenizerKind.Words,
            Files = [],
            Tokens = tokens[0].Name,
            Mask = mask,
            Segments = segments,
            MaxLength = fixedLength ?? maxLength ?? settings.MaxLength ?? DefaultLength,
            PadsToMaxLength = fixedLength is not null,
            Padding = 0,
        };
    }

    private static TextSpec WithSpecialTokens(TextSpec spec, IReadOnlyDictionary<string, int> pieces)
    {
        (string[] start, string[] end, string[] padding) = spec.Tokenizer switch
        {
            TextTokenizerKind.WordPiece => ((string[])["[CLS]"], (string[])["[SEP]"], (string[])["[PAD]"]),
            TextTokenizerKind.BytePairs => (["<s>"], ["</s>"], ["<pad>", "<|endoftext|>", "</s>"]),
            _ => ([], ["</s>"], ["<pad>", "</s>", "<unk>"]),
        };
        return spec with
        {
            Start = First(start),
            End = First(end),
            Padding = First(padding) ?? throw new AutLearnException($"The tokenizer has no piece that fills rows up: none of {string.Join(", ", padding)}."),
        };

        int? First(string[] names)
        {
            foreach (string name in names)
            {
                if (pieces.TryGetValue(name, out int number))
                    return number;
            }

            return null;
        }
    }
}
