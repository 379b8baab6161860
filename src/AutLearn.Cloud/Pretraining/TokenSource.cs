using AutLearn.Graph;
using AutLearn.Runtime.Training;

namespace AutLearn.Cloud.Pretraining;

/// <summary>A text cut into sequences of one length; the labels are the tokens that follow.</summary>
internal sealed class TokenSource : ISampleSource
{
    private readonly ReadOnlyMemory<long> _tokens;
    private readonly int _length;

    /// <summary>Cuts a text.</summary>
    /// <param name="tokens">At least one more than a sequence.</param>
    /// <param name="length">The tokens of a sequence, at least 1.</param>
    public TokenSource(ReadOnlyMemory<long> tokens, int length)
    {
        _tokens = tokens;
        _length = length;
        Count = (tokens.Length - 1) / length;
    }

    public int Count { get; }

    public TrainingSample Read(int index, int epoch)
    {
        ReadOnlySpan<long> tokens = _tokens.Span.Slice(index * _length, _length + 1);
        return new([Tensor.Vector(tokens[..^1])], Tensor.Vector(tokens[1..]));
    }
}
