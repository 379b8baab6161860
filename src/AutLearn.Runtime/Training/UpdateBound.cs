using AutLearn.Graph.Artifacts;

namespace AutLearn.Runtime.Training;

/// <summary>How large a parameter and its optimizer state can be after a step, from how large they were and the gradient is.</summary>
/// <remarks>
/// The optimizers' own formulas with every term at its largest magnitude. A result covers the intermediate values too, so that what is
/// within Float32 holds no overflow and no NaN. Sums of squares are taken to be at least 0, as loaded states are checked to be.
/// </remarks>
/// <param name="Parameter">Bounds the parameter.</param>
/// <param name="Moment">Bounds the momentum or the mean gradient; 0 where the optimizer keeps none.</param>
/// <param name="Squares">Bounds the sum or mean of squared gradients; 0 where the optimizer keeps none.</param>
internal readonly record struct UpdateBound(double Parameter, double Moment, double Squares)
{
    // Covers the rounding of each step, so that a bound still holds after any number of them.
    private const double Slack = 1 + 1e-6;

    private const double LargestScalar = 1e37;

    /// <summary>Bounds the step after this.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="gradient">The largest magnitude of the gradient before weight decay.</param>
    /// <returns>The bound; infinite or NaN where none can be given.</returns>
    public UpdateBound Next(OptimizerSpec optimizer, double rate, double gradient)
    {
        // The step model computes these by themselves: an infinite one times 0 is no number.
        if (!(Math.Max(rate / (1 - optimizer.Beta1), rate * optimizer.WeightDecay) <= LargestScalar))
            return new(double.NaN, double.NaN, double.NaN);
        double decay = optimizer.WeightDecay * Parameter;
        double decayed = gradient + decay;
        // As the step model holds it.
        double epsilon = (float)optimizer.Epsilon;
        UpdateBound next = optimizer.Kind switch
        {
            "sgd" when optimizer.Momentum == 0 => this with { Parameter = Parameter + (rate * decayed) },
            "sgd" => WithMomentum(optimizer.Momentum * Moment + decayed, rate, decayed),
            "adam" => WithMoments(optimizer, rate, decayed, epsilon),
            // The decay takes its share of the weights before the step or after it.
            "adamw" => WithMoments(optimizer, rate, gradient, epsilon) is var step ? step with { Parameter = step.Parameter * (1 + (rate * optimizer.WeightDecay)) } : default,
            "adagrad" => new(Parameter + Math.Max(rate * decayed, rate * decayed / epsilon), 0, Squares + (decayed * decayed)),
            "rmsprop" => WithRoots(optimizer, rate, decayed, epsilon),
            _ => new(double.NaN, double.NaN, double.NaN),
        };
        return new(next.Parameter * Slack, next.Moment * Slack, next.Squares * Slack);
    }

    private UpdateBound WithMomentum(double moment, double rate, double decayed) =>
        // Nesterov's direction is the gradient and the momentum together.
        new(Parameter + (rate * (moment + decayed)), moment, 0);

    private UpdateBound WithMoments(OptimizerSpec optimizer, double rate, double gradient, double epsilon)
    {
        double moment = (optimizer.Beta1 * Moment) + ((1 - optimizer.Beta1) * gradient);
        double squares = (optimizer.Beta2 * Squares) + (gradient * gradient);
        // The corrections 1 - beta^t are smallest at the first step.
        double scaled = moment * Math.Max(rate, rate / (1 - optimizer.Beta1));
        return new(Parameter + Math.Max(scaled, scaled / epsilon), moment, squares);
    }

    private UpdateBound WithRoots(OptimizerSpec optimizer, double rate, double decayed, double epsilon)
    {
        double squares = (optimizer.Beta2 * Squares) + (decayed * decayed);
        double direction = (optimizer.Momentum * Moment) + Math.Max(decayed, decayed / epsilon);
        return new(Parameter + Math.Max(direction, rate * direction), direction, squares);
    }
}
