using AutLearn.Graph;

namespace AutLearn.Compiler.Optimizers;

/// <summary>What an optimizer sees of one parameter.</summary>
internal sealed class OptimizerContext
{
    private readonly OptimizerState _state;

    public OptimizerContext(GraphBuilder builder, OptimizerState state, Value parameter, Value gradient, Value learningRate)
    {
        Builder = builder;
        _state = state;
        Parameter = parameter;
        Gradient = gradient;
        LearningRate = learningRate;
    }

    public GraphBuilder Builder { get; }

    public Value Parameter { get; }

    public Value Gradient { get; }

    /// <summary>Gets the learning rate in the parameter's element type.</summary>
    public Value LearningRate { get; }

    /// <summary>Adds a state tensor of the parameter's shape.</summary>
    public Value State(string slot, double initialValue = 0) => _state.Add(Parameter, slot, initialValue);

    /// <summary>Sets the next value of a state tensor.</summary>
    public void SetNext(Value state, Value next) => _state.SetNext(state, next);

    /// <summary>Gets 1 - beta^t in the parameter's element type, t being the number of this step, from 1.</summary>
    public Value BiasCorrection(double beta) => _state.BiasCorrection(Builder, Parameter, beta, isRoot: false);

    /// <summary>Gets sqrt(1 - beta^t) in the parameter's element type.</summary>
    public Value BiasCorrectionRoot(double beta) => _state.BiasCorrection(Builder, Parameter, beta, isRoot: true);
}
