using AutLearn.Graph;

namespace AutLearn.Compiler.Optimizers;

/// <summary>What an optimizer sees of one parameter.</summary>
internal sealed class OptimizerContext
{
    private readonly OptimizerState _state;

    private readonly Value _stored;

    /// <summary>Creates the view.</summary>
    /// <param name="builder">Appends the update.</param>
    /// <param name="state">The optimizer's tensors.</param>
    /// <param name="parameter">The parameter as it is stored.</param>
    /// <param name="gradient">Its gradient, of half precision widened.</param>
    /// <param name="learningRate">The learning rate, Float32.</param>
    public OptimizerContext(GraphBuilder builder, OptimizerState state, Value parameter, Value gradient, Value learningRate)
    {
        Builder = builder;
        _state = state;
        _stored = parameter;
        Parameter = builder.Widened(parameter);
        Gradient = gradient;
        LearningRate = builder.CastLike(learningRate, Parameter);
    }

    public GraphBuilder Builder { get; }

    /// <summary>Gets the parameter: in Float32 where it is stored in half precision, in which squares and small numbers vanish.</summary>
    public Value Parameter { get; }

    public Value Gradient { get; }

    /// <summary>Gets the learning rate in the type of the arithmetic.</summary>
    public Value LearningRate { get; }

    /// <summary>Adds a state tensor of the parameter's shape, in the type of the arithmetic.</summary>
    public Value State(string slot, double initialValue = 0) => _state.Add(_stored, slot, initialValue);

    /// <summary>Sets the next value of a state tensor.</summary>
    public void SetNext(Value state, Value next) => _state.SetNext(state, next);

    /// <summary>Gets 1 - beta^t in the type of the arithmetic, t being the number of this step, from 1.</summary>
    public Value BiasCorrection(double beta) => _state.BiasCorrection(Builder, Parameter, beta, isRoot: false);

    /// <summary>Gets sqrt(1 - beta^t) in the type of the arithmetic.</summary>
    public Value BiasCorrectionRoot(double beta) => _state.BiasCorrection(Builder, Parameter, beta, isRoot: true);
}
