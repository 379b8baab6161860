using AutLearn.Graph;
using AutLearn.Testing.Gradients;
using TorchSharp;
using TorchTensor = TorchSharp.torch.Tensor;

namespace AutLearn.Compiler.Tests.Gradients.Cases;

/// <summary>Attention of the default domain and of ONNX Runtime's own, and rotary embeddings.</summary>
internal static class AttentionCases
{
    private const string Contributed = "com.microsoft";

    public static IEnumerable<GradientCase> Rows => [.. DefaultRows(), .. ContributedRows(), .. RotaryRows()];

    private static IEnumerable<GradientCase> DefaultRows()
    {
        yield return Attention("heads", 2, 2, null, (q, k, v) => Plain(q, k, v));
        yield return Attention("causal", 2, 2, null, (q, k, v) => Plain(q, k, v, causal: true), ("is_causal", AttributeValue.Of(1L)));
        yield return Attention("shared keys", 4, 2, null, (q, k, v) => Plain(q, k, v));
        yield return Attention("shared keys, capped, scaled", 4, 2, null, (q, k, v) => Plain(q, k, v, cap: 0.5, scale: 0.25), ("softcap", AttributeValue.Of(0.5f)), ("scale", AttributeValue.Of(0.25f)));
        Tensor mask = Tensor.Of<bool>([3, 4], [true, true, false, true, true, false, false, true, true, true, true, true]);
        yield return Attention("mask of truth values", 2, 2, mask, (q, k, v) => Plain(q, k, v, mask: Seen(mask)));
        yield return new GradientCase("flat, with a bias", "Attention")
        {
            Opset = 23,
            ElementType = ElementType.Float32,
            Inputs = [Steps(2, 3, 8), Steps(2, 4, 8), Steps(2, 4, 6), CaseInput.Random(3, 4)],
            Attributes = [("q_num_heads", AttributeValue.Of(2L)), ("kv_num_heads", AttributeValue.Of(2L))],
            Torch = t => [Joined(Plain(Split(t[0], 2), Split(t[1], 2), Split(t[2], 2), mask: t[3]))],
        };
        yield return new GradientCase("past keys, all outputs", "Attention")
        {
            Opset = 23,
            ElementType = ElementType.Float32,
            OutputCount = 4,
            Inputs = [Heads(2, 2, 3, 4), Heads(2, 2, 3, 4), Heads(2, 2, 3, 5), CaseInput.Absent, Heads(2, 2, 2, 4), Heads(2, 2, 2, 5)],
            Attributes = [("qk_matmul_output_mode", AttributeValue.Of(3L))],
            Torch = t =>
            {
                TorchTensor k = torch.cat([t[4], t[1]], 2), v = torch.cat([t[5], t[2]], 2);
                TorchTensor weights = (torch.matmul(t[0], k.transpose(-1, -2)) / 2).softmax(-1);
                return [torch.matmul(weights, v), k, v, weights];
            },
        };
    }

    private static GradientCase Attention(string name, long queryHeads, long keyHeads, Tensor? mask, Func<TorchTensor, TorchTensor, TorchTensor, TorchTensor> reference, params (string Name, AttributeValue Value)[] attributes) => new(name, "Attention")
    {
        Opset = 23,
        ElementType = ElementType.Float32,
        Inputs = [Heads(2, queryHeads, 3, 4), Heads(2, keyHeads, 4, 4), Heads(2, keyHeads, 4, 5), mask is null ? CaseInput.Absent : CaseInput.Fed(mask)],
        Attributes = [.. attributes],
        Torch = t => [reference(t[0], t[1], t[2])],
    };

    private static IEnumerable<GradientCase> ContributedRows()
    {
        yield return new GradientCase("bias", "MultiHeadAttention")
        {
            Domain = Contributed,
            ElementType = ElementType.Float32,
            Inputs = [Steps(2, 3, 8), Steps(2, 4, 8), Steps(2, 4, 8), CaseInput.Parameter(24)],
            Attributes = [("num_heads", AttributeValue.Of(2L))],
            Torch = t => [Joined(Plain(Split(t[0] + t[3].narrow(0, 0, 8), 2), Split(t[1] + t[3].narrow(0, 8, 8), 2), Split(t[2] + t[3].narrow(0, 16, 8), 2)))],
        };
        Tensor seen = Tensor.Of<int>([2, 4], [1, 1, 1, 0, 1, 1, 1, 1]);
        yield return new GradientCase("mask and scores' bias", "MultiHeadAttention")
        {
            Domain = Contributed,
            ElementType = ElementType.Float32,
            Inputs = [Steps(2, 3, 8), Steps(2, 4, 8), Steps(2, 4, 8), CaseInput.Absent, CaseInput.Fed(seen), Heads(2, 2, 3, 4)],
            Attributes = [("num_heads", AttributeValue.Of(2L))],
            Torch = t => [Joined(Plain(Split(t[0], 2), Split(t[1], 2), Split(t[2], 2), mask: t[5] + ((t[4].to(torch.float32) - 1) * 10000).reshape(2, 1, 1, 4)))],
        };
        foreach (bool causal in (bool[])[false, true])
        {
            yield return new GradientCase($"causal {causal}", "Attention")
            {
                Domain = Contributed,
                ElementType = ElementType.Float32,
                Inputs = [Steps(2, 4, 6), CaseInput.Parameter(6, 24), CaseInput.Parameter(24)],
                Attributes = [("num_heads", AttributeValue.Of(2L)), ("unidirectional", AttributeValue.Of(causal ? 1L : 0L))],
                Torch = t =>
                {
                    TorchTensor all = torch.matmul(t[0], t[1]) + t[2];
                    return [Joined(Plain(Split(all.narrow(2, 0, 8), 2), Split(all.narrow(2, 8, 8), 2), Split(all.narrow(2, 16, 8), 2), causal: causal))];
                },
            };
        }

        // Past keys of no length, as the first run of a decoder has them
        yield return new GradientCase("first run", "GroupQueryAttention")
        {
            Domain = Contributed,
            ElementType = ElementType.Float32,
            Inputs =
            [
                Steps(2, 3, 32), Steps(2, 3, 16), Steps(2, 3, 16),
                CaseInput.Constant(Tensor.Of<float>([2, 2, 0, 8], [])), CaseInput.Constant(Tensor.Of<float>([2, 2, 0, 8], [])),
                CaseInput.Constant(Tensor.Vector(2, 2)), CaseInput.Constant(Tensor.Vector(3)),
            ],
            Attributes = [("num_heads", AttributeValue.Of(4L)), ("kv_num_heads", AttributeValue.Of(2L))],
            Build = (g, inputs) => [g.Ops(Contributed, "GroupQueryAttention", 3, inputs, ("num_heads", AttributeValue.Of(4L)), ("kv_num_heads", AttributeValue.Of(2L)))[0]],
            Torch = t => [Joined(Plain(Split(t[0], 4), Split(t[1], 2), Split(t[2], 2), causal: true))],
        };
    }

    private static IEnumerable<GradientCase> RotaryRows()
    {
        foreach (bool interleaved in (bool[])[false, true])
        {
            yield return Rotary($"heads, interleaved {interleaved}", "", Heads(2, 3, 4, 6), [CaseInput.Fed(Tensor.Of<long>([2, 4], [0, 1, 2, 3, 4, 3, 2, 1]))], interleaved, 0, 0);
            yield return Rotary($"flat, a part of each head, interleaved {interleaved}", "", Steps(2, 4, 18), [CaseInput.Fed(Tensor.Of<long>([2, 4], [0, 1, 2, 3, 4, 3, 2, 1]))], interleaved, 3, 4);
            yield return Rotary($"flat, interleaved {interleaved}", Contributed, Steps(2, 4, 18), [CaseInput.Fed(Tensor.Of<long>([2, 4], [0, 1, 2, 3, 4, 3, 2, 1]))], interleaved, 3, 0);
        }
    }

    private static GradientCase Rotary(string name, string domain, CaseInput x, CaseInput[] positions, bool interleaved, long heads, long turned)
    {
        long half = turned == 0 ? 3 : turned / 2;
        CaseInput cos = CaseInput.Parameter(5, half), sin = CaseInput.Parameter(5, half);
        (string, AttributeValue)[] attributes = [("interleaved", AttributeValue.Of(interleaved ? 1L : 0L)), ("num_heads", AttributeValue.Of(heads)), ("rotary_embedding_dim", AttributeValue.Of(turned))];
        return new(name, "RotaryEmbedding")
        {
            Domain = domain,
            Opset = 23,
            ElementType = ElementType.Float32,
            Inputs = domain.Length == 0 ? [x, cos, sin, .. positions] : [x, .. positions, cos, sin],
            Attributes = [.. attributes],
            Torch = t => [Turn(t[0], domain.Length == 0 ? t[1] : t[2], domain.Length == 0 ? t[2] : t[3], domain.Length == 0 ? t[3] : t[1], interleaved, heads, 2 * half)],
        };
    }

    private static TorchTensor Turn(TorchTensor x, TorchTensor cos, TorchTensor sin, TorchTensor positions, bool interleaved, long heads, long turned)
    {
        bool flat = heads > 0;
        TorchTensor h = flat ? x.reshape(x.shape[0], x.shape[1], heads, -1) : x.transpose(1, 2);
        TorchTensor c = cos.index_select(0, positions.reshape(-1)).reshape(x.shape[0], -1, 1, turned / 2), s = sin.index_select(0, positions.reshape(-1)).reshape(x.shape[0], -1, 1, turned / 2);
        TorchTensor moving = h.narrow(3, 0, turned), still = h.narrow(3, turned, h.shape[3] - turned);
        TorchTensor[] parts = interleaved ? moving.reshape(h.shape[0], h.shape[1], h.shape[2], turned / 2, 2).unbind(4) : moving.chunk(2, 3);
        TorchTensor first = (parts[0] * c) - (parts[1] * s), second = (parts[0] * s) + (parts[1] * c);
        TorchTensor y = interleaved ? torch.stack([first, second], 4).reshape(moving.shape) : torch.cat([first, second], 3);
        y = torch.cat([y, still], 3);
        return flat ? y.reshape(x.shape) : y.transpose(1, 2);
    }

    private static CaseInput Heads(params ReadOnlySpan<long> dimensions) => CaseInput.Random(dimensions) with { SymbolicAxes = [0, 2] };

    private static CaseInput Steps(params ReadOnlySpan<long> dimensions) => CaseInput.Random(dimensions) with { SymbolicAxes = [0, 1] };

    private static TorchTensor Split(TorchTensor x, long heads) => x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2);

    private static TorchTensor Joined(TorchTensor x) => x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1);

    private static TorchTensor Seen(Tensor mask) => torch.tensor(mask.Span<bool>().ToArray().Select(m => m ? 0f : -1e9f).ToArray()).reshape(mask.Dimensions.ToArray());

    private static TorchTensor Plain(TorchTensor q, TorchTensor k, TorchTensor v, TorchTensor? mask = null, bool causal = false, double cap = 0, double? scale = null)
    {
        long shared = q.shape[1] / k.shape[1];
        k = k.repeat_interleave(shared, 1);
        v = v.repeat_interleave(shared, 1);
        TorchTensor s = torch.matmul(q, k.transpose(-1, -2)) * (scale ?? (1 / Math.Sqrt(q.shape[3])));
        if (cap > 0)
            s = cap * (s / cap).tanh();
        if (mask is not null)
            s = s + mask;
        if (causal)
            s = s + torch.full([q.shape[2], k.shape[2]], -1e9f).triu(1);
        return torch.matmul(s.softmax(-1), v);
    }
}
