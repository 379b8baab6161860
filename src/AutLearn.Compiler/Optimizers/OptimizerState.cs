using AutLearn.Graph;

namespace AutLearn.Compiler.Optimizers;

/// <summary>The optimizer's tensors in one step model.</summary>
internal sealed class OptimizerState
{
    private readonly OnnxGraph _graph;
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<Value, Entry> _byState = [];
    private readonly Dictionary<(double Beta, ElementType Type, bool IsRoot), Value> _corrections = [];
    private Value? _step;

    public OptimizerState(OnnxGraph graph) => _graph = graph;

    /// <summary>Gets the state tensors with their next values, in the order in which they were added.</summary>
    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>Adds a tensor of a parameter's shape and type, Float32 for parameters of half precision.</summary>
    public Value Add(Value parameter, string slot, double initialValue)
    {
        ElementType type = parameter.ElementType is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : parameter.ElementType;
        Value state = _graph.AddInput(_graph.UniqueName($"{parameter.Name}.{slot}"), parameter.Type! with { ElementType = type });
        Add(new(state, parameter.Name, slot, initialValue));
        return state;
    }

    /// <summary>Adds a scalar that belongs to no parameter and starts at 0.</summary>
    public Value AddScalar(string name, ElementType type, string slot)
    {
        Value state = _graph.AddInput(_graph.UniqueName(name), new TensorType(type, Shape.Scalar));
        Add(new(state, null, slot, 0));
        return state;
    }

    private void Add(Entry entry)
    {
        _entries.Add(entry);
        _byState.Add(entry.State, entry);
    }

    public void SetNext(Value state, Value next) => _byState[state].Next = next;

    // 1 - beta^t, or its root, t being the number of this step, from 1. It loses most of its digits in Float32 while t is small and beta close to 1, so both are Float64 up to here.
    public Value BiasCorrection(GraphBuilder builder, Value like, double beta, bool isRoot)
    {
        if (_corrections.TryGetValue((beta, like.ElementType, isRoot), out Value? correction))
            return correction;
        Value power = builder.Op("Pow", [builder.Constant(Tensor.Scalar(beta)), NextStep(builder)]);
        Value rest = builder.Sub(builder.One(power), power);
        correction = builder.CastLike(isRoot ? builder.Sqrt(rest) : rest, like);
        _corrections.Add((beta, like.ElementType, isRoot), correction);
        return correction;
    }

    /// <summary>Adds the counter of steps if there is none yet.</summary>
    public void CountSteps(GraphBuilder builder) => NextStep(builder);

    private Value NextStep(GraphBuilder builder)
    {
        if (_step is not null)
            return _step;
        Value state = AddScalar("optimizer.step", ElementType.Int64, "step");
        _step = builder.Add(state, builder.Int(1));
        SetNext(state, _step);
        return _step;
    }

    internal sealed record Entry(Value State, string? Parameter, string Slot, double InitialValue)
    {
        public Value? Next { get; set; }
    }
}
