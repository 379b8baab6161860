using AutLearn.Graph;
using AutLearn.Graph.Artifacts;
using AutLearn.Graph.Inference;

namespace AutLearn.Compiler.Preparation;

/// <summary>Puts low-rank adapters beside the weights that an option names.</summary>
internal sealed class AdapterInsertion
{
    private readonly OnnxModel _model;
    private readonly OnnxGraph _graph;
    private readonly LowRankAdapter _adapter;
    private readonly GraphBuilder _builder;
    private readonly Random _random;
    private readonly List<Value> _parameters = [];
    private readonly List<AdapterSpec> _specs = [];

    public AdapterInsertion(OnnxModel model, LowRankAdapter adapter, CancellationToken cancellationToken)
    {
        _model = model;
        _graph = model.Graph;
        _adapter = adapter;
        _builder = new GraphBuilder(model.Graph, model.Opset, cancellationToken);
        _random = new Random(adapter.Seed);
    }

    /// <summary>Gets the adapters' parameters, still constants, in the order of the layers.</summary>
    public IReadOnlyList<Value> Parameters => _parameters;

    /// <summary>Gets what the manifest says of them.</summary>
    public IReadOnlyList<AdapterSpec> Specs => _specs;

    /// <summary>Inserts the adapters before the scores; the graph is sorted again.</summary>
    /// <exception cref="AutLearnException">A pattern fits no weight that can have one.</exception>
    public void Apply(Value scores)
    {
        HashSet<Value> computed = ConstantExpressions.In(_graph);
        HashSet<Node> relevant = ParameterCatalog.AncestorsOf(scores);
        (Node Node, string Weight)[] candidates = [.. _graph.Nodes.Where(n => relevant.Contains(n) && CanAdapt(n, computed)).Select(n => (n, ConstantExpressions.NameOf(n.Inputs[1]!)))];
        foreach (string pattern in _adapter.On)
        {
            if (!candidates.Any(c => TrainableSelection.Fits(pattern, c.Weight) || TrainableSelection.Fits(pattern, c.Node.DisplayName)))
                throw new AutLearnException($"No weight of a Gemm, MatMul or Conv in one group before the scores fits '{pattern}'. Those that can have an adapter are {string.Join(", ", candidates.Take(20).Select(c => $"'{c.Weight}'"))}{(candidates.Length > 20 ? ", ..." : "")}.");
        }

        foreach ((Node node, string weight) in candidates.Where(c => _adapter.Fits(c.Weight, c.Node.DisplayName)))
            Adapt(node, weight);
        _graph.SortTopologically();
    }

    private static bool CanAdapt(Node node, HashSet<Value> computed)
    {
        if (node.Domain.Length > 0 || node.OpType is not ("Gemm" or "MatMul" or "Conv") || node.Input(0) is not { } x || IsConstant(x)
            || node.Input(1) is not { Shape: { IsStatic: true } shape } w || !IsConstant(w) || !x.ElementType.IsFloatingPoint())
        {
            return false;
        }

        return node.OpType switch
        {
            "Gemm" => shape.Rank == 2 && node.GetInt("transA", 0) == 0,
            "MatMul" => shape.Rank == 2 && x.Shape is { Rank: >= 2 },
            _ => shape.Rank > 2 && node.GetInt("group", 1) == 1,
        };

        bool IsConstant(Value value) => value.Initializer is not null || computed.Contains(value);
    }

    private void Adapt(Node node, string weight)
    {
        Value x = node.Inputs[0]!;
        Value product = node.Outputs[0]!;
        double scale = _adapter.Alpha / _adapter.Rank;
        string name = weight;

        // A weight that two layers share gets one at each.
        for (int i = 2; _graph.Find($"{name}.lora_A") is not null; i++)
            name = $"{weight}.{i}";
        _builder.NameStem = $"{name}.lora";
        Shape shape = node.Inputs[1]!.Shape!;
        bool isConvolution = node.Is("Conv");
        bool isTransposed = node.Is("Gemm") && node.GetInt("transB", 0) != 0;
        long k = shape[isConvolution || isTransposed ? 1 : 0].Size, m = shape[isConvolution || isTransposed ? 0 : 1].Size;
        long[] kernel = [.. shape.Skip(2).Select(d => d.Size)], point = [.. kernel.Select(_ => 1L)];
        long read = k * kernel.Aggregate(1L, (a, b) => checked(a * b));
        Value down = AddParameter($"{name}.lora_A", x.ElementType, isConvolution ? [_adapter.Rank, k, .. kernel] : [k, _adapter.Rank], 1 / Math.Sqrt(Math.Max(1, read)));
        Value up = AddParameter($"{name}.lora_B", x.ElementType, isConvolution ? [m, _adapter.Rank, .. point] : [_adapter.Rank, m], 0);
        Value thin = isConvolution ? Convolution(node, x, down) : _builder.MatMul(x, down);
        if (scale != 1)
            thin = _builder.Mul(thin, scale);
        Value delta = isConvolution ? _builder.Op("Conv", [thin, up]) : _builder.MatMul(thin, up);
        Value sum = _builder.Add(product, delta);
        sum.Type = product.Type;

        // The sum takes the name, which may be an output's.
        string former = product.Name;
        _graph.ReplaceAllUses(product, sum);
        _graph.SetInput(sum.Producer!, 0, product);
        _graph.Rename(product, _graph.UniqueName($"{former}/frozen"));
        _graph.Rename(sum, former);
        _parameters.Add(down);
        _parameters.Add(up);
        _specs.Add(new(sum.Name, down.Name, up.Name, scale));
    }

    private Value Convolution(Node node, Value x, Value down)
    {
        string name = _graph.UniqueName($"{_builder.NameStem}/Conv");
        Node thin = _graph.AddNode("Conv", [x, down], [name], [.. node.Attributes], name: name);
        ShapeInference.InferNode(thin, _model.Opset);
        return thin.Outputs[0]!;
    }

    private Value AddParameter(string name, ElementType type, long[] sizes, double bound)
    {
        float[] values = new float[checked((int)sizes.Aggregate(1L, (a, b) => checked(a * b)))];
        for (int i = 0; bound > 0 && i < values.Length; i++)
            values[i] = (float)(bound * ((2 * _random.NextDouble()) - 1));
        Tensor tensor = type switch
        {
            ElementType.Float64 => Tensor.Of<double>(sizes, Array.ConvertAll(values, v => (double)v)),
            ElementType.Float16 => Tensor.Of<Half>(sizes, Array.ConvertAll(values, v => (Half)v)),
            _ => Tensor.Of<float>(sizes, values),
        };
        return _graph.AddInitializer(_graph.UniqueName(name), tensor);
    }
}
