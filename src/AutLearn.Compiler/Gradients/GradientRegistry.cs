using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradient rules by operator, domain and opset.</summary>
/// <remarks>Safe for concurrent reads once filled.</remarks>
public sealed class GradientRegistry
{
    private readonly Dictionary<(string Domain, string OpType), SortedList<long, Entry>> _rules = [];

    /// <summary>Gets every registered operator with its domain and first opset, sorted.</summary>
    public IEnumerable<(string Domain, string OpType, long SinceOpset)> Entries =>
        _rules.SelectMany(r => r.Value.Keys.Select(since => (r.Key.Domain, r.Key.OpType, since))).Order();

    /// <summary>Creates a registry with the rules of this library.</summary>
    public static GradientRegistry CreateDefault()
    {
        var rules = new GradientRegistry();
        ArithmeticGradients.Register(rules);
        TrigonometricGradients.Register(rules);
        ActivationGradients.Register(rules);
        ReductionGradients.Register(rules);
        ShapeGradients.Register(rules);
        SliceGradients.Register(rules);
        IndexingGradients.Register(rules);
        ScatterGradients.Register(rules);
        ZeroGradients.Register(rules);
        MatrixGradients.Register(rules);
        SoftmaxGradients.Register(rules);
        NormalizationGradients.Register(rules);
        ComposedNormalizations.Register(rules);
        DropoutGradients.Register(rules);
        PoolingGradients.Register(rules);
        LpPoolGradients.Register(rules);
        ConvolutionGradients.Register(rules);
        EinsumGradients.Register(rules);
        RecurrentGradients.Register(rules);
        ResizeGradients.Register(rules);
        GridGradients.Register(rules);
        QuantizationGradients.Register(rules);
        QuantizedLayers.Register(rules);
        PackedWeightGradients.Register(rules);
        CumulativeProductGradient.Register(rules);
        TransformGradients.Register(rules);
        ControlFlowGradients.Register(rules);
        AttentionGradients.Register(rules);
        RotaryEmbeddingGradients.Register(rules);
        ContributedGradients.Register(rules);
        ContributedLayers.Register(rules);
        ContributedAttention.Register(rules);
        return rules;
    }

    /// <summary>Registers a rule.</summary>
    /// <param name="opType">The operator.</param>
    /// <param name="sinceOpset">The first opset of its domain that the rule fits; a later registration for a later opset supersedes it from there on.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="domain">The operator's domain; the default domain if empty.</param>
    /// <exception cref="ArgumentException">A rule for exactly this operator and opset exists.</exception>
    public void Add(string opType, long sinceOpset, GradientRule rule, string domain = "") =>
        Add(opType, sinceOpset, domain, new Entry(rule, null));

    /// <summary>Registers a rule of an operator that takes each element by itself: what gets no gradient passes none on, however steep it is.</summary>
    /// <param name="opType">The operator.</param>
    /// <param name="sinceOpset">The first opset.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="isSteep">Tells whether the slope may be infinite where inputs and outputs are finite; null where it never is.</param>
    /// <param name="domain">The operator's domain.</param>
    internal void AddElementwise(string opType, long sinceOpset, GradientRule rule, Func<GradientContext, bool>? isSteep = null, string domain = "") =>
        Add(opType, sinceOpset, ZeroGuard.Around(rule, isSteep), domain);

    /// <summary>Registers an operator that is taken apart into basic ones, which have rules of their own.</summary>
    /// <param name="opType">The operator.</param>
    /// <param name="sinceOpset">The first opset.</param>
    /// <param name="forward">Computes the outputs that are present from the inputs.</param>
    /// <param name="domain">The operator's domain.</param>
    internal void AddComposed(string opType, long sinceOpset, Func<GradientContext, Value?[]> forward, string domain = "") =>
        Add(opType, sinceOpset, g => g.TakeApart(forward), domain);

    /// <summary>Registers an operator through which no gradient flows.</summary>
    /// <param name="opType">The operator.</param>
    /// <param name="sinceOpset">The first opset.</param>
    /// <param name="because">The reason, such as <c>piecewise constant</c>.</param>
    /// <param name="domain">The operator's domain.</param>
    /// <exception cref="ArgumentException">A rule for exactly this operator and opset exists.</exception>
    public void AddZero(string opType, long sinceOpset, string because, string domain = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(because);
        Add(opType, sinceOpset, domain, new Entry(static g => new Value?[g.InputCount], because));
    }

    /// <summary>Finds the rule for an operator, or null.</summary>
    public GradientRule? Find(string domain, string opType, long opset) => FindEntry(domain, opType, opset)?.Rule;

    /// <summary>Tells why no gradient flows through an operator; null where one does, or no rule is known.</summary>
    public string? ZeroReason(string domain, string opType, long opset) => FindEntry(domain, opType, opset)?.ZeroReason;

    private Entry? FindEntry(string domain, string opType, long opset)
    {
        Entry? found = null;
        if (_rules.TryGetValue((domain, opType), out SortedList<long, Entry>? versions))
        {
            foreach ((long since, Entry entry) in versions)
            {
                if (since <= opset)
                    found = entry;
            }
        }

        return found;
    }

    private void Add(string opType, long sinceOpset, string domain, Entry entry)
    {
        ArgumentException.ThrowIfNullOrEmpty(opType);
        if (!_rules.TryGetValue((domain, opType), out SortedList<long, Entry>? versions))
            _rules.Add((domain, opType), versions = []);
        versions.Add(sinceOpset, entry);
    }

    private sealed record Entry(GradientRule Rule, string? ZeroReason);
}
