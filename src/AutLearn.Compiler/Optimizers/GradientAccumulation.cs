using AutLearn.Graph;

namespace AutLearn.Compiler.Optimizers;

/// <summary>Sums the gradients of several calls, each weighed by its labels, and lets only the last of them update.</summary>
/// <remarks>
/// With g the gradient of a call's mean loss and w the weight that its labels have together, each call adds w g and w to two sums; the k-th
/// applies their quotient and clears them. That is the gradient of the mean loss over all labels of the window, however they were split.
/// A call that is told to update now adds nothing of its own and applies what is there: the window's end where no k-th call comes. A window
/// without weight changes nothing.
/// </remarks>
internal sealed class GradientAccumulation
{
    private readonly GraphBuilder _builder;
    private readonly OptimizerState _state;
    private readonly List<OptimizerState.Entry> _own = [];
    private readonly Value _updateNow;
    private readonly Value _weight;
    private readonly bool _weighsGradients;
    private readonly Value _isOver;
    private readonly Value _updates;
    private readonly Value _reciprocal;

    /// <summary>Adds the counter and the sum of the weights.</summary>
    /// <param name="builder">Appends the nodes.</param>
    /// <param name="state">Holds the sums.</param>
    /// <param name="steps">How many calls make a window.</param>
    /// <param name="updateNow">Bool scalar: whether this call only ends the window.</param>
    /// <param name="weight">The weight of this call's labels, a scalar.</param>
    /// <param name="scores">What the loss reads.</param>
    public GradientAccumulation(GraphBuilder builder, OptimizerState state, int steps, Value updateNow, Value weight, Value scores)
    {
        _builder = builder;
        _state = state;
        _updateNow = updateNow;
        _weight = builder.Where(updateNow, builder.Zero(weight), weight);

        // The sum over all labels may overflow half precision, the mean does not.
        _weighsGradients = scores.ElementType != weight.ElementType;
        Value counter = state.AddScalar("accumulation.step", ElementType.Int64, "micro_step");
        Value next = builder.Add(counter, builder.Int(1));
        _isOver = builder.Op("Or", [updateNow, builder.Op("Not", [builder.Less(next, builder.Int(steps))])]);
        Own(counter, builder.Int(0), next);
        Value sum = state.AddScalar("accumulation.weight", ElementType.Float32, "accumulated_weight");
        Value total = builder.Add(sum, builder.CastLike(_weight, sum));
        Own(sum, builder.Zero(sum), total);
        Value hasWeight = builder.Greater(total, builder.Zero(total));
        _updates = builder.Op("And", [_isOver, hasWeight]);
        _reciprocal = builder.Where(hasWeight, builder.Op("Reciprocal", [total]), builder.Zero(total));
    }

    /// <summary>Weighs the gradient that differentiation starts from, where that is cheaper than weighing all it ends in.</summary>
    public Value Weigh(Value scoresGradient) => _weighsGradients ? scoresGradient : _builder.Mul(scoresGradient, _weight);

    /// <summary>Replaces the gradients of this call by the mean over the window so far, as its last call needs it.</summary>
    public IReadOnlyDictionary<Value, Value> Sum(IReadOnlyDictionary<Value, Value> gradients, Value[] trainable)
    {
        var means = new Dictionary<Value, Value>();
        foreach (Value parameter in trainable)
        {
            Value gradient = gradients[parameter];
            if (_weighsGradients)
                gradient = _builder.Mul(gradient, _builder.CastLike(_weight, gradient));
            Value sum = _state.Add(parameter, "accumulated_gradient", 0);
            // What ends a window has rows that nobody chose, whose gradient need not be finite.
            Value next = _builder.Where(_updateNow, sum, _builder.Add(sum, gradient));
            Own(sum, _builder.Zero(sum), next);
            means.Add(parameter, _builder.Mul(next, _builder.CastLike(_reciprocal, next)));
        }

        return means;
    }

    /// <summary>Keeps parameters and the optimizer's own state as they are in all calls that do not update, and buffers in those that only end a window.</summary>
    public void Gate(Dictionary<string, Value> next, Value[] parameters, Value[] trainable)
    {
        foreach (Value parameter in parameters)
        {
            next[parameter.Name] = trainable.Contains(parameter)
                ? _builder.Where(_updates, next[parameter.Name], parameter)
                : _builder.Where(_updateNow, parameter, next[parameter.Name]);
        }

        foreach (OptimizerState.Entry entry in _state.Entries.Except(_own))
            entry.Next = _builder.Where(_updates, entry.Next!, entry.State);
    }

    private void Own(Value state, Value cleared, Value next)
    {
        _state.SetNext(state, _builder.Where(_isOver, cleared, next));
        _own.Add(_state.Entries[^1]);
    }
}
