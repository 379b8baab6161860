using AutLearn.Graph;

namespace AutLearn.Compiler.Optimizers;

/// <summary>What an optimizer sees: one parameter, or several small ones joined along their first axis, so that they share the nodes of one update.</summary>
internal sealed class OptimizerContext
{
    private readonly OptimizerState _state;
    private readonly IReadOnlyList<Value> _stored;
    private readonly Dictionary<Value, Value[]> _joined = [];

    /// <summary>Creates the view.</summary>
    /// <param name="builder">Appends the update.</param>
    /// <param name="state">The optimizer's tensors.</param>
    /// <param name="parameters">The parameters as they are stored: of one type, and equal in all sizes but the first.</param>
    /// <param name="gradients">Their gradients, of half precision widened.</param>
    /// <param name="learningRate">The learning rate, Float32.</param>
    public OptimizerContext(GraphBuilder builder, OptimizerState state, IReadOnlyList<Value> parameters, IReadOnlyList<Value> gradients, Value learningRate)
    {
        Builder = builder;
        _state = state;
        _stored = parameters;
        Parameter = builder.Widened(Join(parameters));
        Gradient = Join(gradients);
        LearningRate = builder.CastLike(learningRate, Parameter);
    }

    public GraphBuilder Builder { get; }

    /// <summary>Gets the parameter: in Float32 where it is stored in half precision, in which squares and small numbers vanish.</summary>
    public Value Parameter { get; }

    public Value Gradient { get; }

    /// <summary>Gets the learning rate in the type of the arithmetic.</summary>
    public Value LearningRate { get; }

    /// <summary>Adds a state tensor of the parameter's shape, in the type of the arithmetic.</summary>
    public Value State(string slot, double initialValue = 0)
    {
        Value[] states = [.. _stored.Select(p => _state.Add(p, slot, initialValue))];
        Value joined = Join(states);
        _joined.Add(joined, states);
        return joined;
    }

    /// <summary>Sets the next value of a state tensor.</summary>
    public void SetNext(Value state, Value next)
    {
        foreach ((Value own, Value part) in _joined[state].Zip(Split(next)))
            _state.SetNext(own, part);
    }

    /// <summary>Gets the parts of a tensor that belong to each of the parameters.</summary>
    public IReadOnlyList<Value> Split(Value joined)
    {
        if (_stored.Count == 1)
            return [joined];
        Value[] parts = Builder.Ops("Split", _stored.Count, [joined, Builder.Ints([.. _stored.Select(p => p.Shape![0].Size)])], ("axis", AttributeValue.Of(0L)));
        foreach ((Value part, Value parameter) in parts.Zip(_stored))
            part.Type = joined.Type! with { Shape = parameter.Shape };
        return parts;
    }

    /// <summary>Gets lr sqrt(1 - beta2^t) / (1 - beta1^t) and epsilon sqrt(1 - beta2^t) in the type of the arithmetic, t being the number of this step, from 1.</summary>
    /// <remarks>Numerator and denominator of Adam's step, both times sqrt(1 - beta2^t), which leaves the roots uncorrected.</remarks>
    public (Value Rate, Value Epsilon) Corrected(double beta1, double beta2, double epsilon) =>
        (CorrectedRate(beta1, beta2), Builder.Mul(_state.BiasCorrection(Builder, Parameter, beta2, isRoot: true), epsilon));

    /// <summary>Gets lr sqrt(1 - beta2^t) / (1 - beta1^t) in the type of the arithmetic.</summary>
    public Value CorrectedRate(double beta1, double beta2)
    {
        Value root = _state.BiasCorrection(Builder, Parameter, beta2, isRoot: true);
        return Builder.Div(Builder.Mul(LearningRate, root), _state.BiasCorrection(Builder, Parameter, beta1, isRoot: false));
    }

    /// <summary>Counts the steps also where the update does not need their number.</summary>
    public void CountSteps() => _state.CountSteps(Builder);

    private Value Join(IReadOnlyList<Value> values) => values.Count == 1 ? values[0] : Builder.Concat(0, [.. values]);
}
