using System.Collections.Immutable;
using AutLearn.Graph;
using AutLearn.Graph.Artifacts;

namespace AutLearn.Compiler.Losses;

/// <summary>Softmax cross-entropy, averaged over the labels that count.</summary>
/// <remarks>
/// Scores are [N, C] or [N, ..., C], labels Int64 of the scores' shape without C, each in [0, C) or equal to <see cref="IgnoreIndex"/>.
/// With p = softmax(z), class weights w, smoothing e, row weight r = w_y (0 for ignored labels) and total = sum of r, the loss is
/// sum((1 - e) r (-log p_y) + e / C sum_c w_c (-log p_c)) / total. Classes without weight and ignored labels take no part, even where their
/// score is -infinity; where nothing weighs anything loss and gradient are 0 (PyTorch's are NaN).
/// Label smoothing: Szegedy et al. 2016, arXiv:1512.00567, section 7.
/// </remarks>
public sealed class SoftmaxCrossEntropyLoss : Loss
{
    /// <summary>Gets the weight of each class; empty where all weigh 1.</summary>
    /// <value>C finite numbers of at least 0.</value>
    /// <exception cref="ArgumentException">A weight is negative or not finite.</exception>
    public ImmutableArray<float> ClassWeights
    {
        get;
        init
        {
            if (value.IsDefault || value.Any(w => !float.IsFinite(w) || w < 0))
                throw new ArgumentException("Class weights are finite and at least 0.", nameof(value));
            field = value;
        }
    } = [];

    /// <summary>Gets the label that no loss is taken of; null where every label counts.</summary>
    public long? IgnoreIndex { get; init; }

    /// <summary>Gets how much of the target probability is spread over all classes.</summary>
    /// <value>In [0, 1). The default is 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside.</exception>
    public double LabelSmoothing
    {
        get;
        init => field = value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Label smoothing lies in [0, 1).");
    }

    /// <inheritdoc/>
    public override LossSpec Spec => new("softmax_cross_entropy") { IgnoreIndex = IgnoreIndex, LabelSmoothing = LabelSmoothing, ClassWeights = ClassWeights };

    internal override bool ReadsLogits => true;

    internal override TensorType LabelsFor(Value scores)
    {
        Shape shape = RequireScores(scores).Shape!;
        Dimension classes = shape[shape.Rank - 1];
        if (shape.Rank < 2 || !classes.IsKnown)
            throw new InvalidModelException($"The scores '{scores.Name}' have shape {shape}; softmax cross-entropy needs [N, C] or [N, ..., C] with C known.");
        if (classes.Is(1))
            throw new InvalidModelException($"The scores '{scores.Name}' {shape} are one number a row, of which softmax cross-entropy makes probability 1 whatever it is. Train a yes or no with binary cross-entropy (bce), a number with the mean squared or absolute difference (mse, l1, huber), or give the model a new head.");
        if (ClassWeights.Length > 0 && ClassWeights.Length != classes.Size)
            throw new InvalidModelException($"The loss has {ClassWeights.Length} class weights, but the scores '{scores.Name}' have {classes.Size} classes.");
        return new(ElementType.Int64, new Shape(shape.Take(shape.Rank - 1)));
    }

    private protected override LossTerms BuildWide(GraphBuilder builder, Value scores, Value labels)
    {
        bool isFlat = scores.Shape!.Rank == 2;
        long classes = scores.Shape[scores.Shape.Rank - 1].Size;
        Value z = isFlat ? scores : builder.Reshape(scores, -1, classes);
        Value y = builder.Reshape(labels, -1, 1);
        (Value top, Value best) = LargestScore.Find(builder, z, classes);
        Value p = builder.Op("Softmax", [z], ("axis", AttributeValue.Of(1L)));
        Value? counts = IgnoreIndex is { } ignored ? builder.Op("Not", [builder.Equal(y, builder.Int(ignored))]) : null;
        Value safe = counts is null ? y : builder.Where(counts, y, builder.Int(0));
        Value? logP = LabelSmoothing > 0 ? builder.Op("LogSoftmax", [z], ("axis", AttributeValue.Of(1L))) : null;

        // The largest p is at least 1 / C, so that its logarithm is exact where that of p at the label may not exist.
        Value logAtLabel = logP is not null
            ? PickColumn(builder, logP, safe)
            : builder.Add(builder.Sub(PickColumn(builder, z, safe), top), builder.Log(PickColumn(builder, p, best)));

        (Value labelCount, Value total, Value reciprocal, Value? weights) = Weigh(builder, y, safe, counts, z);
        Value loss = LossOf(builder, logP, logAtLabel, weights, reciprocal, counts, classes);
        Value gradient = GradientOf(builder, p, builder.Exp(logAtLabel), safe, weights, reciprocal, counts, classes);
        if (!isFlat)
        {
            gradient = builder.Reshape(gradient, builder.ShapeOf(scores));
            gradient.Type = scores.Type;
        }

        Value right = builder.Equal(best, y);
        if (counts is not null)
            right = builder.Op("And", [right, counts]);
        Value correct = builder.ReduceSum(builder.Cast(right, ElementType.Int64), 0, 1);
        Value correctRows = builder.Reshape(right, labels.Shape!.Rank == 1 ? builder.Ints(-1) : builder.ShapeOf(labels));
        correctRows.Type = new TensorType(ElementType.Bool, labels.Shape);
        return new(loss, gradient, total, labelCount, correct, correctRows);
    }

    private static Value PickColumn(GraphBuilder builder, Value matrix, Value index) =>
        builder.Op("GatherElements", [matrix, index], ("axis", AttributeValue.Of(1L)));

    // The number of counted labels, sum(r), 1 / sum(r), and the row weights r (null where all are 1).
    private (Value Count, Value Total, Value Reciprocal, Value? Weights) Weigh(GraphBuilder builder, Value y, Value safe, Value? counts, Value like)
    {
        if (counts is null && ClassWeights.Length == 0)
        {
            (Value all, Value rows, Value perRow) = CountOf(builder, y, like);
            return (all, rows, perRow, null);
        }

        Value count = counts is null ? builder.Op("Size", [y]) : builder.ReduceSum(builder.Cast(counts, ElementType.Int64), 0, 1);
        Value weights;
        if (ClassWeights.Length > 0)
        {
            weights = builder.Op("Gather", [WeightVector(builder, like), safe]);
            if (counts is not null)
                weights = builder.Where(counts, weights, builder.Zero(weights));
        }
        else
        {
            weights = builder.Cast(counts!, like.ElementType);
        }

        Value total = builder.ReduceSum(weights, 0, 1);
        Value reciprocal = builder.Where(builder.Greater(total, builder.Zero(total)), builder.Op("Reciprocal", [total]), builder.Zero(total));
        return (count, total, reciprocal, weights);
    }

    private Value WeightVector(GraphBuilder builder, Value like) =>
        builder.CastLike(builder.Constant(Tensor.Of<float>([ClassWeights.Length], ClassWeights.AsSpan())), like);

    private Value LossOf(GraphBuilder builder, Value? logP, Value logAtLabel, Value? weights, Value reciprocal, Value? counts, long classes)
    {
        if (weights is null && LabelSmoothing == 0)
            return builder.Neg(builder.Op("ReduceMean", [logAtLabel], ("keepdims", AttributeValue.Of(0L))));
        Value weighted = weights is null ? logAtLabel : TimesWeight(builder, logAtLabel, weights);
        if (logP is not null)
        {
            Value spread = builder.ReduceSumKeep(Spread(builder, logP), builder.Ints(1));
            if (counts is not null)
                spread = builder.Where(counts, spread, builder.Zero(spread));
            weighted = builder.Add(builder.Mul(weighted, 1 - LabelSmoothing), builder.Mul(spread, LabelSmoothing / classes));
        }

        return builder.Neg(builder.Mul(builder.ReduceSum(weighted, 0, 1), reciprocal));
    }

    // w log p, and 0 where the weight is, also of a class that a score of -infinity rules out
    private static Value TimesWeight(GraphBuilder builder, Value logP, Value weights) =>
        builder.Where(builder.Greater(weights, builder.Zero(weights)), builder.Mul(logP, weights), builder.Zero(logP));

    private Value Spread(GraphBuilder builder, Value logP)
    {
        if (ClassWeights.Length == 0)
            return logP;
        Value weights = WeightVector(builder, logP);
        return ClassWeights.Contains(0) ? TimesWeight(builder, logP, weights) : builder.Mul(logP, weights);
    }

    // d(loss)/dz_j = (a p_j - (1 - e) r [j = y] - e / C w_j m) / total with a = (1 - e) r + e / C sum(w) m and m = [the label counts]
    private Value GradientOf(GraphBuilder builder, Value p, Value pAtLabel, Value safe, Value? weights, Value reciprocal, Value? counts, long classes)
    {
        bool hasClassWeights = ClassWeights.Length > 0;
        Value scale = weights is null ? reciprocal : builder.Mul(weights, reciprocal);
        if (LabelSmoothing == 0 || !hasClassWeights)
        {
            // Here m = r, hence everything but the row's scale is p_j - (1 - e) [j = y] - e / C.
            Value atLabel = builder.Sub(pAtLabel, builder.Scalar(p, 1 - LabelSmoothing));
            Value difference = Replace(builder, p, safe, atLabel);
            if (LabelSmoothing > 0)
                difference = builder.Sub(difference, builder.Scalar(p, LabelSmoothing / classes));
            return builder.Mul(difference, scale);
        }

        Value m = counts is null ? builder.One(p) : builder.Cast(counts, p.ElementType);
        Value spreadScale = builder.Mul(builder.Mul(m, reciprocal), LabelSmoothing / classes);
        Value labelScale = builder.Mul(scale, 1 - LabelSmoothing);
        Value a = builder.Add(labelScale, builder.Mul(spreadScale, ClassWeights.Sum(w => (double)w)));
        Value scaled = builder.Mul(p, a);
        Value label = builder.Sub(builder.Mul(pAtLabel, a), labelScale);
        return builder.Sub(Replace(builder, scaled, safe, label), builder.Mul(WeightVector(builder, p), spreadScale));
    }

    private static Value Replace(GraphBuilder builder, Value matrix, Value columns, Value updates) =>
        builder.Op("ScatterElements", [matrix, columns, updates], ("axis", AttributeValue.Of(1L)));
}
