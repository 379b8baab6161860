using System.Text;

namespace AutLearn.Tokenizers.Tests;

/// <summary>Writes small SentencePiece models: a ModelProto of sentencepiece_model.proto, field by field.</summary>
internal static class SentencePieceModel
{
    /// <summary>Writes a unigram model of <c>&lt;unk&gt;</c>, <c>&lt;s&gt;</c>, <c>&lt;/s&gt;</c> and pieces with their log probabilities.</summary>
    public static byte[] Unigram(params (string Piece, float Score)[] pieces)
    {
        const int Normal = 1, Unknown = 2, Control = 3;
        var model = new List<byte>();
        foreach ((string piece, float score, int type) in (ReadOnlySpan<(string, float, int)>)[("<unk>", 0, Unknown), ("<s>", 0, Control), ("</s>", 0, Control), .. pieces.Select(p => (p.Piece, p.Score, Normal))])
        {
            List<byte> entry = [.. Bytes(1, Encoding.UTF8.GetBytes(piece)), (2 << 3) | 5, .. BitConverter.GetBytes(score), 3 << 3, (byte)type];
            model.AddRange(Bytes(1, [.. entry]));
        }

        // Trainer: unigram. Normalizer: identity, a blank before the text, blanks as U+2581.
        model.AddRange(Bytes(2, [3 << 3, 1]));
        model.AddRange(Bytes(3, [.. Bytes(1, "identity"u8.ToArray()), 3 << 3, 1, 4 << 3, 1, 5 << 3, 1]));
        return [.. model];
    }

    private static byte[] Bytes(int field, byte[] content)
    {
        var length = new List<byte>();
        for (int rest = content.Length; ; rest >>= 7)
        {
            length.Add((byte)(rest < 128 ? rest : (rest & 127) | 128));
            if (rest < 128)
                break;
        }

        return [(byte)((field << 3) | 2), .. length, .. content];
    }
}
