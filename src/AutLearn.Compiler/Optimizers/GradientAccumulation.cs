using AutLearn.Graph;

namespace AutLearn.Compiler.Optimizers;

/// <summary>Sums the gradients of several calls and lets only the last of them update.</summary>
/// <remarks>
/// Call c of k, from 0: sum' = sum + g and everything else stays, but for the last call, which updates with (sum + g) / k and clears the
/// sum. The mean over the labels of k equal micro-batches is that of the whole batch.
/// </remarks>
internal sealed class GradientAccumulation
{
    private readonly GraphBuilder _builder;
    private readonly OptimizerState _state;
    private readonly Value _isLast;
    private readonly int _steps;
    private readonly List<OptimizerState.Entry> _own = [];

    public GradientAccumulation(GraphBuilder builder, OptimizerState state, int steps)
    {
        _builder = builder;
        _state = state;
        _steps = steps;
        Value counter = state.AddCounter("accumulation.step");
        Value next = builder.Add(counter, builder.Int(1));
        _isLast = builder.Equal(next, builder.Int(steps));
        Own(counter, builder.Where(_isLast, builder.Int(0), next));
    }

    /// <summary>Replaces the gradients of this call by those of all calls so far, as the last call needs them.</summary>
    public IReadOnlyDictionary<Value, Value> Sum(IReadOnlyDictionary<Value, Value> gradients, Value[] trainable)
    {
        var means = new Dictionary<Value, Value>();
        foreach (Value parameter in trainable)
        {
            Value sum = _state.Add(parameter, "accumulated_gradient", 0);
            Value next = _builder.Add(sum, gradients[parameter]);
            Own(sum, _builder.Where(_isLast, _builder.Zero(sum), next));
            means.Add(parameter, _builder.Mul(next, 1d / _steps));
        }

        return means;
    }

    /// <summary>Keeps parameters and the optimizer's own state as they are in all calls but the last.</summary>
    public void Gate(Dictionary<string, Value> next, Value[] trainable)
    {
        foreach (Value parameter in trainable)
            next[parameter.Name] = _builder.Where(_isLast, next[parameter.Name], parameter);
        foreach (OptimizerState.Entry entry in _state.Entries.Except(_own))
            entry.Next = _builder.Where(_isLast, entry.Next!, entry.State);
    }

    private void Own(Value state, Value next)
    {
        _state.SetNext(state, next);
        _own.Add(_state.Entries[^1]);
    }
}
