using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>The parameters of a model in the order of its layers, towards the scores.</summary>
/// <remarks>
/// A parameter is a floating-point constant from which a layer's weights, bias or normalisation come: as it is, or moved, converted or computed from
/// constants alone (a transposed weight, a table that two layers share, a direction and its length). Weights that are stored as integers beside a
/// scale (DequantizeLinear) count as what they stand for.
/// </remarks>
internal sealed class ParameterCatalog
{
    private readonly OnnxGraph _graph;
    private readonly List<Layer> _layers = [];
    private readonly Dictionary<Value, ParameterKind> _kinds = [];
    private readonly HashSet<Value> _statistics = [];
    private readonly HashSet<Value> _computed;

    private ParameterCatalog(OnnxGraph graph)
    {
        _graph = graph;
        _computed = ConstantExpressions.In(graph);
    }

    /// <summary>Gets the layers, first layer first. Parameters before the first weighted operator form a layer of their own.</summary>
    public IReadOnlyList<Layer> Layers => _layers;

    /// <summary>Gets every parameter.</summary>
    public IEnumerable<Value> Parameters => _layers.SelectMany(l => l.Parameters);

    /// <summary>Lists the parameters that influence a value, or any of several.</summary>
    /// <param name="graph">A sorted graph in which nothing was folded yet.</param>
    /// <param name="scores">The values.</param>
    public static ParameterCatalog Of(OnnxGraph graph, params IEnumerable<Value> scores)
    {
        var catalog = new ParameterCatalog(graph);
        HashSet<Node> relevant = AncestorsOf(scores);
        foreach (Node node in graph.Nodes.Where(n => relevant.Contains(n) && n.Is("BatchNormalization")))
            catalog._statistics.UnionWith(node.Inputs.Skip(3).OfType<Value>());
        foreach (Node node in graph.Nodes.Where(n => relevant.Contains(n) && !n.Outputs.Any(o => o is not null && catalog._computed.Contains(o))))
            catalog.Add(node);
        return catalog;
    }

    /// <summary>Chooses the parameters to train.</summary>
    /// <exception cref="AutLearnException">Something that was asked for cannot be trained, or there are fewer layers than asked for.</exception>
    public IReadOnlyList<Value> Select(TrainableSelection selection) =>
        selection.LayerCount > 0 ? LastLayers(selection.LayerCount)
        : selection.Kind is { } kind ? OfKind(kind)
        : ReferenceEquals(selection, TrainableSelection.None) ? []
        : Named(selection);

    /// <summary>Gets every node that a value depends on.</summary>
    public static HashSet<Node> AncestorsOf(params IEnumerable<Value> values)
    {
        var found = new HashSet<Node>();
        var pending = new Stack<Value>(values);
        while (pending.TryPop(out Value? value))
        {
            if (value.Producer is not { } producer || !found.Add(producer))
                continue;
            foreach (Value read in NodeReads.Of(producer))
                pending.Push(read);
        }

        return found;
    }

    private Value[] LastLayers(int count)
    {
        if (_layers.Count < count)
            throw new AutLearnException($"The model has {_layers.Count} layers with parameters before its scores; the last {count} cannot be trained.{InBranches()}");
        Layer[] chosen = [.. _layers.TakeLast(count)];
        if (chosen.FirstOrDefault(l => l.IntegerWeights is not null) is { } layer)
        {
            throw new AutLearnException(
                $"Layer '{layer.Operator!.DisplayName}' ({layer.Operator.OpType}), among the last {count}, holds its weights '{layer.IntegerWeights!.Name}' as {layer.IntegerWeights.ElementType} numbers, which gradients cannot move. Give it a new head (--new-head), train other parameters by name, or quantise the model so that the layers to train stay Float32.")
            {
                NodeName = layer.Operator.DisplayName,
            };
        }

        return [.. chosen.SelectMany(l => l.Parameters)];
    }

    private Value[] OfKind(ParameterKind kind)
    {
        Value[] chosen = [.. Parameters.Where(p => _kinds[p] == kind)];
        return chosen.Length > 0 ? chosen : throw new AutLearnException($"The model has no {(kind == ParameterKind.Bias ? "biases" : "scales and shifts of normalisations")} before its scores that could be trained alone.");
    }

    private Value[] Named(TrainableSelection selection)
    {
        var known = new HashSet<Value>(Parameters);

        // Only its name makes a lone number a parameter: an epsilon is one too.
        Value[] named = [.. _graph.Initializers.Where(v => v.IsConstant && v.ElementType.IsFloatingPoint() && !known.Contains(v) && !_statistics.Contains(v) && selection.Names(v.Name))];
        foreach (string pattern in selection.Include)
        {
            if (!known.Concat(named).Any(v => TrainableSelection.Fits(pattern, v.Name)))
                throw new AutLearnException(WhyNot(pattern, known));
        }

        foreach (string name in selection.Exclude.Where(p => !p.AsSpan().ContainsAny('*', '?')))
        {
            if (_graph.Find(name) is null)
                throw new AutLearnException($"The model has no '{name}' that could be left out of training. {List(known)}");
        }

        Value[] chosen = [.. Parameters.Where(v => selection.Includes(v.Name)), .. named];
        return chosen.Length > 0 ? chosen : throw new AutLearnException($"The selection leaves out every parameter that it includes. {List(known)}");
    }

    private string WhyNot(string pattern, HashSet<Value> known)
    {
        if (_graph.Find(pattern) is { } value)
        {
            string reason = _statistics.Contains(value) ? "it holds running statistics of a batch normalisation, which gradients do not move"
                : value.Initializer is null ? "it is no constant"
                : !value.ElementType.IsFloatingPoint() ? $"it holds {value.ElementType} numbers, which gradients cannot move"
                : "it does not influence the scores";
            return $"'{pattern}' cannot be trained: {reason}. {List(known)}";
        }

        return $"No parameter fits '{pattern}'. {List(known)}";
    }

    // Weights inside a branch are none of this graph's.
    private string InBranches()
    {
        if (_graph.Nodes.FirstOrDefault(n => n.Is("If") && n.Subgraphs().SelectMany(g => g.Nodes).Any(WeightedOperators.IsWeighted)) is not { } node)
            return "";
        HashSet<Node> before = AncestorsOf(node.Inputs[0]!);
        string[] deciding = [.. _graph.Inputs.Where(i => ReferenceEquals(i, node.Inputs[0]) || i.Uses.Any(u => before.Contains(u.Node))).Select(i => i.Name)];
        return $" Weights stand in the branches of '{node.DisplayName}' (If), between which {(deciding.Length == 0 ? "the model itself" : string.Join(", ", deciding.Select(d => $"'{d}'")))} decides.{(deciding.Length == 0 ? "" : $" Fix what decides (--fix {deciding[0]}=...), and the other branch is left out.")}";
    }

    private string List(HashSet<Value> known) => known.Count == 0
        ? $"The model has no parameters before its scores.{InBranches()}"
        : $"The parameters are {string.Join(", ", known.Take(20).Select(p => $"'{p.Name}'"))}{(known.Count > 20 ? ", ..." : "")}.";

    private void Add(Node node)
    {
        var own = new List<Value>();
        foreach ((int position, ParameterKind kind) in WeightedOperators.PositionsOf(node))
        {
            if (node.Input(position) is not { } read || !IsWeight(node, position, read))
                continue;
            foreach (Value source in SourcesOf(read))
            {
                if (!_statistics.Contains(source) && _kinds.TryAdd(source, KindOf(node, position, kind)))
                    own.Add(source);
            }
        }

        Value? integers = WeightedOperators.IntegersOf(node);
        if (own.Count == 0 && integers is null)
            return;
        if (WeightedOperators.IsWeighted(node) || integers is not null || _layers.Count == 0)
            _layers.Add(new(WeightedOperators.IsWeighted(node) || integers is not null ? node : null, integers));
        _layers[^1].Add(own);
    }

    // Elementwise operators are what the values around them make of them: a bias behind a product, scale and shift behind a quotient by a root.
    private ParameterKind KindOf(Node node, int position, ParameterKind kind)
    {
        if (!WeightedOperators.IsElementwise(node))
            return kind;
        if (FollowsProduct(node, position))
            return ParameterKind.Bias;
        Node? before = node.Input(1 - position)?.Producer;
        bool isScale = node.Is("Mul") && before is not null && before.Is("Div") && before.Input(1)?.Producer is { } root && root.Is("Sqrt");
        bool isShift = node.Is("Add") && before is not null && before.Is("Mul") && before.Inputs.Any(i => i is not null && _kinds.GetValueOrDefault(i) == ParameterKind.Normalization);
        return isScale || isShift ? ParameterKind.Normalization : ParameterKind.Weight;
    }

    // A lone number beside an elementwise operator is a factor or an epsilon, unless it is the bias of a layer with one output.
    private bool IsWeight(Node node, int position, Value read)
    {
        if (!WeightedOperators.IsElementwise(node))
            return true;
        return (read.Initializer?.Count ?? read.Shape?.ElementCount()) != 1 || (node.Is("Add") && FollowsProduct(node, position) && node.Input(1 - position)!.Shape is { Rank: > 0 } shape && shape[shape.Rank - 1].Is(1));
    }

    private bool FollowsProduct(Node node, int position) =>
        node.Is("Add") && node.Input(1 - position)?.Producer is { } producer && WeightedOperators.IsWeighted(producer) && !_computed.Contains(node.Input(1 - position)!);

    // Follows what is computed from constants alone back to the constants that hold it. A lone number on the way (an epsilon, a factor) is no parameter.
    private IEnumerable<Value> SourcesOf(Value read)
    {
        var seen = new HashSet<Value>();
        var pending = new Stack<Value>([read]);
        while (pending.TryPop(out Value? value))
        {
            if (!seen.Add(value) || !(value.ElementType.IsFloatingPoint() || value.ElementType == ElementType.Undefined))
                continue;
            if (value.IsConstant)
            {
                if (value.ElementType.IsFloatingPoint() && (ReferenceEquals(value, read) || value.Initializer!.Count > 1 || value.Uses.All(u => WeightedOperators.Moves(u.Node))))
                    yield return value;
            }
            else if (_computed.Contains(value) && value.Producer is { } producer)
            {
                if (DequantizedConstant.CanFold(producer))
                {
                    yield return value;
                    continue;
                }

                foreach (Value input in (WeightedOperators.Moves(producer) ? producer.Inputs.Take(1) : producer.Inputs).Reverse().OfType<Value>())
                    pending.Push(input);
            }
        }
    }

    /// <summary>A weighted operator with its parameters and those of what follows up to the next one.</summary>
    /// <param name="operator">The weighted operator; null for what stands before the first.</param>
    /// <param name="integerWeights">Its weights, where they are integers.</param>
    internal sealed class Layer(Node? @operator, Value? integerWeights)
    {
        private readonly List<Value> _parameters = [];

        public Node? Operator => @operator;

        public Value? IntegerWeights => integerWeights;

        public IReadOnlyList<Value> Parameters => _parameters;

        public void Add(IEnumerable<Value> parameters) => _parameters.AddRange(parameters);
    }
}
