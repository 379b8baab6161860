using System.Collections.Immutable;
using AutLearn.Compiler.Losses;
using AutLearn.Graph;

namespace AutLearn.Compiler.OrtTraining.Import;

/// <summary>Recognises the losses that the retired tool and AutLearn's official target write.</summary>
internal static class LossRecognition
{
    /// <summary>Finds the loss that a value is.</summary>
    /// <param name="loss">The first output of an evaluation model, whose parameters are constants by now.</param>
    /// <returns>Null where it is none that is known.</returns>
    public static RecognizedLoss? Find(Value loss)
    {
        Value value = loss.Bare();
        return CrossEntropy(value, isMean: false)
            ?? OwnLoss.CrossEntropy(value)
            ?? (value.Producer is { } mean && mean.Is("ReduceMean") && IsOverAll(mean) ? Averaged(mean.Input(0)) : null)
            ?? (value.Producer is { } sum && sum.Is("ReduceSum") && IsOverAll(sum) ? Summed(Averaged(sum.Input(0))) : null);
    }

    /// <summary>Tells predictions from labels in a loss that compares the two: labels are an input.</summary>
    public static Value? ScoresOf((Value Left, Value Right) compared) => (compared.Left.IsSupplied(), compared.Right.IsSupplied()) switch
    {
        (false, true) => compared.Left,
        (true, false) => compared.Right,
        _ => null,
    };

    private static RecognizedLoss? Averaged(Value? terms) => terms is null ? null : Unweighted(terms) ?? Weighted(terms);

    private static RecognizedLoss? Unweighted(Value terms) =>
        Squared(terms) ?? Absolute(terms) ?? Binary(terms) ?? CrossEntropy(terms, isMean: true) ?? OwnLoss.Binary(terms) ?? OwnLoss.Huber(terms);

    private static RecognizedLoss? Summed(RecognizedLoss? averaged) => averaged is null ? null
        : averaged with { Loss = null, Problem = averaged.Problem ?? "it sums over the batch, where AutLearn's losses average" };

    // SoftmaxCrossEntropyLoss(z, y, w), or NegativeLogLikelihoodLoss(LogSoftmax(z), y, w)
    private static RecognizedLoss? CrossEntropy(Value value, bool isMean)
    {
        if (value.Producer is not { Domain: "" or "com.microsoft" } node || !ReferenceEquals(node.Output(0), value) || node.Input(0) is not { } input)
            return null;
        Value? scores = node.OpType switch
        {
            "SoftmaxCrossEntropyLoss" or "SoftmaxCrossEntropyLossInternal" => input,
            "NegativeLogLikelihoodLoss" when input.Producer is { } softmax && softmax.Is("LogSoftmax") && IsOverClasses(softmax) => softmax.Input(0),
            _ => null,
        };
        if (scores is null)
            return null;
        string reduction = node.GetString("reduction", "mean");
        long? ignored = node.Attributes.ContainsKey("ignore_index") ? node.GetInt("ignore_index", 0) : null;
        Value? weights = node.Input(2);
        string? problem =
            weights is not null && !IsWeights(weights) ? "its class weights are no constant of Float32 numbers of at least 0"
            : reduction == "mean" || (reduction == "none" && isMean && weights is null && ignored is null) ? null
            : reduction == "sum" ? "it sums over the batch, where AutLearn's losses average"
            : "it has no average, or one that counts labels without weight";
        Loss? loss = problem is not null ? null : new SoftmaxCrossEntropyLoss
        {
            IgnoreIndex = ignored,
            ClassWeights = weights is null ? [] : [.. weights.Initializer!.Span<float>()],
        };
        return Unflattened(scores, node.Input(1)) is { } whole ? new(loss, whole, AreClassesSecond: false, problem) : new(loss, scores, AreClassesSecond: true, problem);
    }

    // Before version 13 the default was 1, and with two dimensions the last is the second.
    private static bool IsOverClasses(Node softmax) => softmax.GetInt("axis", long.MinValue) is var axis && (axis == 1 || (axis is -1 or long.MinValue && softmax.Input(0)?.Shape?.Rank == 2));

    // Language models lay all positions of all rows one below the other: [N, T, C] as [N T, C], and labels [N, T] as [N T].
    private static Value? Unflattened(Value scores, Value? labels)
    {
        if (scores.Producer is not { } node || !node.Is("Reshape") || node.Input(0) is not { Shape: { Rank: > 2 } whole } source || scores.Shape is not { Rank: 2 } flat)
            return null;
        bool isWhole = whole[whole.Rank - 1] is { IsKnown: true } classes && flat[1] is { IsKnown: true } second && classes.Size == second.Size;
        return isWhole && labels?.Bare() is { IsInput: true, Initializer: null } supplied && (supplied.Shape is not { } shape || shape.Rank == whole.Rank - 1) ? source : null;
    }

    private static bool IsWeights(Value value)
    {
        if (value is not { IsConstant: true, Initializer: { ElementType: ElementType.Float32, Count: > 0 } tensor })
            return false;
        foreach (float weight in tensor.Span<float>())
        {
            if (!float.IsFinite(weight) || weight < 0)
                return false;
        }

        return true;
    }

    // (z - y)^2
    private static RecognizedLoss? Squared(Value terms)
    {
        Value? difference = terms.Arguments("Pow") is var (powered, exponent) && exponent.IsNumber(2) ? powered
            : terms.Arguments("Mul") is var (left, right) && ReferenceEquals(left, right) ? left
            : null;
        return difference?.Arguments("Sub") is { } compared ? Compared(new MeanSquaredLoss(), compared) : null;
    }

    // |z - y|
    private static RecognizedLoss? Absolute(Value terms) =>
        terms.Argument("Abs")?.Arguments("Sub") is { } compared ? Compared(new L1Loss(), compared) : null;

    // AutLearn's labels have the scores' shape; where ONNX repeats one of the two, the mean is another.
    private static RecognizedLoss? Compared(Loss loss, (Value Left, Value Right) compared)
    {
        if (ScoresOf(compared) is not { } scores)
            return null;
        return compared.Left.Type is { } left && compared.Right.Type is { } right && !left.Accepts(right)
            ? new(null, scores, Problem: $"it compares '{compared.Left.Name}' {left} with '{compared.Right.Name}' {right}, where AutLearn's labels have the shape of the scores")
            : new(loss, scores);
    }

    // -(log(sigmoid(z)) y + log(1 - sigmoid(z)) (1 - y))
    private static RecognizedLoss? Binary(Value terms)
    {
        if (terms.Argument("Neg") is not { } sum)
            return null;
        foreach ((Value yes, Value no) in sum.EitherOrder("Add"))
        {
            foreach ((Value logNo, Value rest) in no.EitherOrder("Mul"))
            {
                if (Complement(logNo.Argument("Log")) is not { } sigmoid || Complement(rest) is not { } labels || !labels.IsSupplied() || sigmoid.Argument("Sigmoid") is not { } scores)
                    continue;
                if (IsLogTimes(yes, sigmoid, labels))
                    return new(new BinaryCrossEntropyWithLogitsLoss(), scores);
                if (yes.EitherOrder("Mul").Any(m => m.Right.IsConstant && IsLogTimes(m.Left, sigmoid, labels)))
                    return new(null, scores, Problem: "it weighs positive labels");
            }
        }

        return null;
    }

    private static bool IsLogTimes(Value product, Value sigmoid, Value labels) =>
        product.EitherOrder("Mul").Any(m => ReferenceEquals(m.Left.Argument("Log"), sigmoid) && ReferenceEquals(m.Right, labels));

    // The x of 1 - x.
    private static Value? Complement(Value? value) => value?.Arguments("Sub") is var (one, x) && one.IsNumber(1) ? x : null;

    private static RecognizedLoss? Weighted(Value terms)
    {
        foreach ((Value inner, Value weight) in terms.EitherOrder("Mul"))
        {
            if (weight.IsConstant && Unweighted(inner) is { } found)
                return found with { Loss = null, Problem = found.Problem ?? "its terms are weighed one by one" };
        }

        return null;
    }

    // No axes, or all of them.
    private static bool IsOverAll(Node reduction)
    {
        ImmutableArray<long>? axes = reduction.GetInts("axes")
            ?? (reduction.Input(1) is { } given ? given is { IsConstant: true, Initializer: { ElementType: ElementType.Int64 } tensor } ? [.. tensor.Span<long>()] : [long.MinValue] : null);
        if (axes is not { Length: > 0 } some)
            return reduction.GetInt("noop_with_empty_axes", 0) == 0;
        return reduction.Input(0)?.Shape is { } shape && some.Select(a => a < 0 ? a + shape.Rank : a).Distinct().Count() == shape.Rank
            && some.All(a => a >= -shape.Rank && a < shape.Rank);
    }
}
