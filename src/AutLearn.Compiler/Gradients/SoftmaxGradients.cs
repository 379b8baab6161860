using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of softmax, its logarithm and the losses built on it.</summary>
internal static class SoftmaxGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("Softmax", sinceOpset: 13, Softmax);
        rules.Add("LogSoftmax", sinceOpset: 13, LogSoftmax);
        rules.Add("NegativeLogLikelihoodLoss", sinceOpset: 13, NegativeLogLikelihoodLoss);
        rules.Add("SoftmaxCrossEntropyLoss", sinceOpset: 13, SoftmaxCrossEntropyLoss);
    }

    // y = e^x / sum e^x  =>  dx = y (dy - sum dy y), 0 in rows without a softmax
    private static Value?[] Softmax(GradientContext g)
    {
        Value y = g.Finite(g.Output(0)), dy = g.OutputGradient(0);
        Value axis = g.Ints(g.Node.GetInt("axis", -1));
        return [g.Mul(y, g.Sub(dy, g.Builder.ReduceSumKeep(g.Mul(dy, y), axis)))];
    }

    // y = x - ln sum e^x  =>  dx = dy - e^y sum dy, 0 in rows without a softmax
    private static Value?[] LogSoftmax(GradientContext g)
    {
        Value dy = g.OutputGradient(0);
        Value axis = g.Ints(g.Node.GetInt("axis", -1));
        return [g.Sub(dy, g.Mul(g.Finite(g.Builder.Exp(g.Output(0)), of: g.Output(0)), g.Builder.ReduceSumKeep(dy, axis)))];
    }

    // loss = -sum over i of u_i x[i, label_i] (see Share)  =>  dx[i, c] = -u_i dloss [c = label_i]
    private static Value?[] NegativeLogLikelihoodLoss(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        Value hits = Hits(g);
        result[0] = g.Neg(g.Mul(hits, Share(g, hits, g.OutputGradient(0))));
        result[0]!.Type = g.Input(0).Type;
        if (g.NeedsGradient(2))
            result[2] = ClassWeights(g, hits, g.Input(0), g.OutputGradient(0));
        return result;
    }

    // The loss above on p = log_softmax(x)  =>  dx = u dloss (e^p [label not ignored] - [c = label]);
    // a gradient dp into the second output adds dp - e^p sum dp
    private static Value?[] SoftmaxCrossEntropyLoss(GradientContext g)
    {
        var result = new Value?[g.InputCount];
        Value x = g.Input(0);
        Value logProbability = g.RequireOutput(1, x.Type);
        Value probability = g.Builder.Exp(logProbability);
        Value? dx = null;
        if (g.OptionalOutputGradient(0) is { } dLoss)
        {
            Value hits = Hits(g);
            Value counted = g.Builder.ReduceSumKeep(hits, g.Ints(1));
            dx = g.Mul(g.Sub(g.Mul(probability, counted), hits), Share(g, hits, dLoss));
            if (g.NeedsGradient(2))
                result[2] = ClassWeights(g, hits, logProbability, dLoss);
        }

        if (g.OptionalOutputGradient(1) is { } dLogProbability)
        {
            Value direct = g.Sub(dLogProbability, g.Mul(probability, g.Builder.ReduceSumKeep(dLogProbability, g.Ints(1))));
            dx = dx is null ? direct : g.Add(dx, direct);
        }

        if (dx is not null)
            dx.Type = x.Type;
        result[0] = dx;
        return result;
    }

    // loss = -sum of w[label_i] p[i, label_i], for the mean over the sum of w[label_i]
    // =>  dw[c] = -dloss sum of p[i, c] over i with label c; for the mean -dloss sum of (p[i, c] + loss) / sum of w[label_i]
    private static Value ClassWeights(GradientContext g, Value hits, Value p, Value dLoss)
    {
        string reduction = g.Node.GetString("reduction", "mean");
        Value part = reduction == "mean" ? g.Add(p, g.Output(0)) : p;
        Value scaled = reduction switch
        {
            "none" => g.Mul(part, g.Op("Unsqueeze", [dLoss, g.Ints(1)])),
            "sum" => g.Mul(part, dLoss),
            _ => g.Mul(part, g.Div(dLoss, g.Op("ReduceSum", [Weighted(g, hits)], ("keepdims", AttributeValue.Of(0L))))),
        };
        Value dw = g.Neg(g.Builder.ReduceSum(g.Mul(hits, scaled), NormalizationGradients.AllButChannels(g.RankOf(hits))));
        dw.Type = g.Input(2).Type;
        return dw;
    }

    // [N, C, ...]: 1 at each label that counts. A label outside [0, C), as ignore_index usually is, hits no class.
    private static Value Hits(GradientContext g)
    {
        Value x = g.Input(0), labels = g.Builder.Cast(g.Input(1), ElementType.Int64);
        int rank = g.RankOf(x);
        Value classes = g.Op("Range", [g.Int(0), ScalarClassCount(g, x), g.Int(1)]);
        long[] alongAxisOne = [.. Enumerable.Range(0, rank - 1).Select(i => i == 0 ? -1L : 1L)];
        Value given = g.Op("Unsqueeze", [labels, g.Ints(1)]);
        Value hits = g.Builder.Equal(given, g.Reshape(classes, alongAxisOne));
        if (g.Node.Attributes.ContainsKey("ignore_index"))
            hits = g.Op("And", [hits, g.Op("Not", [g.Builder.Equal(given, g.Int(g.Node.GetInt("ignore_index", -100)))])]);
        Value converted = g.Builder.CastLike(hits, x);
        converted.Type = x.Type;
        return converted;
    }

    private static Value ScalarClassCount(GradientContext g, Value x) =>
        x.Shape![1].IsKnown ? g.Int(x.Shape[1].Size) : g.Op("Squeeze", [g.Builder.SizeOf(x, 1), g.Ints(0)]);

    // u_i dloss, [N, 1, ...]: u_i = w[label_i], divided by the sum of all u_i for the mean
    private static Value Share(GradientContext g, Value hits, Value dLoss)
    {
        Value u = g.Builder.ReduceSumKeep(Weighted(g, hits), g.Ints(1));
        return g.Node.GetString("reduction", "mean") switch
        {
            "none" => g.Mul(u, g.Op("Unsqueeze", [dLoss, g.Ints(1)])),
            "sum" => g.Mul(u, dLoss),
            _ => g.Mul(u, g.Div(dLoss, g.Op("ReduceSum", [u], ("keepdims", AttributeValue.Of(0L))))),
        };
    }

    // w[c] at each label c
    private static Value Weighted(GradientContext g, Value hits)
    {
        if (g.OptionalInput(2) is not { } weights)
            return hits;
        long[] alongAxisOne = [.. Enumerable.Range(0, g.RankOf(hits) - 1).Select(i => i == 0 ? -1L : 1L)];
        return g.Mul(hits, g.Reshape(weights, alongAxisOne));
    }
}
