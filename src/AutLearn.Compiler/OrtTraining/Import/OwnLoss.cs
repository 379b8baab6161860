using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>Recognises the losses that AutLearn's own official target writes, in the order of <see cref="LossTerms"/>'s formulas.</summary>
internal static class OwnLoss
{
    // -mean(z_y - max(z) + log(softmax(z) at the largest score))
    public static RecognizedLoss? CrossEntropy(Value value)
    {
        if (value.Argument("Neg")?.Argument("ReduceMean") is not { } terms)
            return null;
        foreach ((Value distance, Value logLargest) in terms.EitherOrder("Add"))
        {
            if (distance.Arguments("Sub") is not var (atLabel, _) || atLabel.Arguments("GatherElements") is not var (scores, labels) || !labels.IsSupplied())
                continue;
            if (logLargest.Argument("Log")?.Argument("GatherElements")?.Argument("Softmax") is { } softened && ReferenceEquals(softened, scores))
                return new(new SoftmaxCrossEntropyLoss(), Own(scores));
        }

        return null;
    }

    // max(z, 0) - z y + log(1 + exp(-|z|)), where what is finite of z stands for it
    public static RecognizedLoss? Binary(Value terms)
    {
        foreach ((Value straight, Value tail) in terms.EitherOrder("Add"))
        {
            if (straight.Arguments("Sub") is not var (positive, product) || positive.Argument("Relu") is not { } finite || finite.Argument("Clip") is not { } scores)
                continue;
            bool isTail = tail.Argument("Log") is { } sum && sum.EitherOrder("Add").Any(a => a.Right.IsNumber(1) && ReferenceEquals(a.Left.Argument("Exp")?.Argument("Neg")?.Argument("Abs"), scores));
            if (isTail && product.EitherOrder("Mul").Any(m => ReferenceEquals(m.Left, finite) && m.Right.IsSupplied()))
                return new(new BinaryCrossEntropyWithLogitsLoss(), Own(scores));
        }

        return null;
    }

    // c (d - c / 2) with d = z - y and c = clip(d, -delta, delta)
    public static RecognizedLoss? Huber(Value terms)
    {
        foreach ((Value clipped, Value rest) in terms.EitherOrder("Mul"))
        {
            if (clipped.Producer is not { } clip || !clip.Is("Clip") || clip.Input(0) is not { } difference || clip.Input(1) is not { } low || clip.Input(2) is not { } high)
                continue;
            if (high is not { IsConstant: true, Initializer: { Count: 1, ElementType: ElementType.Float32 } tensor } || tensor.Span<float>()[0] is not (> 0 and <= float.MaxValue) || !low.IsNumber(-tensor.Span<float>()[0]))
                continue;
            bool isRest = rest.Arguments("Sub") is var (whole, half) && ReferenceEquals(whole, difference) && half.EitherOrder("Mul").Any(m => ReferenceEquals(m.Left, clipped) && m.Right.IsNumber(0.5));
            if (isRest && difference.Arguments("Sub") is { } compared && LossRecognition.ScoresOf(compared) is { } scores)
                return new(new HuberLoss { Delta = tensor.Span<float>()[0] }, Own(scores));
        }

        return null;
    }

    // The loss reads scores of many dimensions as a matrix, and those of half precision in Float32; the predictions themselves are outputs.
    private static Value Own(Value read)
    {
        Value value = read;
        while (!value.IsOutput && value.Producer is { Domain: "", OpType: "Reshape" or "Cast" } node && node.Input(0) is { } from)
            value = from;
        return value.IsOutput ? value : read;
    }
}
