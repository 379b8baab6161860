using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of elementwise activations.</summary>
internal static class ActivationGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.AddElementwise("Relu", sinceOpset: 6, Relu);
        rules.Add("LeakyRelu", sinceOpset: 6, LeakyRelu);
        rules.AddElementwise("PRelu", sinceOpset: 9, PRelu);
        rules.AddElementwise("Elu", sinceOpset: 6, Elu);
        rules.AddElementwise("Selu", sinceOpset: 6, Selu);
        rules.AddElementwise("Softplus", sinceOpset: 1, Softplus);
        rules.AddElementwise("Softsign", sinceOpset: 1, Softsign);
        rules.Add("Clip", sinceOpset: 11, Clip);
        rules.AddElementwise("Sigmoid", sinceOpset: 6, Sigmoid);
        rules.AddElementwise("Tanh", sinceOpset: 6, Tanh);
        rules.AddElementwise("Erf", sinceOpset: 9, Erf);
        rules.AddElementwise("Gelu", sinceOpset: 20, Gelu);
        rules.AddElementwise("HardSigmoid", sinceOpset: 6, HardSigmoid);
        rules.AddElementwise("HardSwish", sinceOpset: 14, HardSwish);
        rules.AddElementwise("Celu", sinceOpset: 12, Celu);
        rules.Add("ThresholdedRelu", sinceOpset: 10, ThresholdedRelu);
        rules.Add("Shrink", sinceOpset: 9, Shrink);
        rules.AddElementwise("Mish", sinceOpset: 18, Mish);
        rules.AddElementwise("Swish", sinceOpset: 24, g => [Swish(g, g.Node.GetFloat("alpha", 1f))]);
    }

    // y = max(x, 0)  =>  dx = dy [y > 0], 0 at 0 as in libtorch. Since y >= 0, [y > 0] is sign(y), and for normal numbers of single precision
    // min(1, steepest y) too, which ONNX Runtime computes several times as fast.
    private static Value?[] Relu(GradientContext g)
    {
        Value y = g.Output(0);
        Value isPositive = y.ElementType == ElementType.Float32
            ? g.Op("HardSigmoid", [y], ("alpha", AttributeValue.Of(float.MaxValue)), ("beta", AttributeValue.Of(0f)))
            : g.Op("Sign", [y]);
        return [g.Mul(g.OutputGradient(0), isPositive)];
    }

    // y = x for x > 0, alpha x otherwise  =>  dx = dy or alpha dy; alpha dy at 0 as in libtorch
    private static Value?[] LeakyRelu(GradientContext g)
    {
        Value dy = g.OutputGradient(0);
        return [g.Where(IsPositive(g), dy, g.Mul(dy, g.Node.GetFloat("alpha", 0.01f)))];
    }

    // y = x for x > 0, s x otherwise  =>  dx = dy or s dy, ds = 0 or x dy; at 0 the branch of s, as in libtorch
    private static Value?[] PRelu(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0), positive = IsPositive(g);
        return
        [
            g.NeedsGradient(0) ? g.Where(positive, dy, g.Mul(dy, g.Input(1))) : null,
            g.NeedsGradient(1) ? g.Where(positive, g.Zero(x), g.Mul(dy, x)) : null,
        ];
    }

    // y = x for x > 0, alpha (e^x - 1) otherwise  =>  dx = dy or dy (y + alpha); at 0 the branch of alpha, as in libtorch
    private static Value?[] Elu(GradientContext g)
    {
        Value y = g.Output(0), dy = g.OutputGradient(0);
        Value below = g.Mul(dy, g.Add(y, g.Scalar(y, g.Node.GetFloat("alpha", 1f))));
        return [g.Where(IsPositive(g), dy, below)];
    }

    // y = gamma x for x > 0, gamma alpha (e^x - 1) otherwise  =>  dx = gamma dy or dy (y + gamma alpha); at 0 the latter, as in libtorch
    private static Value?[] Selu(GradientContext g)
    {
        double alpha = g.Node.GetFloat("alpha", 1.67326319217681884765625f);
        double gamma = g.Node.GetFloat("gamma", 1.05070102214813232421875f);
        Value y = g.Output(0), dy = g.OutputGradient(0);
        return [g.Mul(dy, g.Where(IsPositive(g), g.Scalar(y, gamma), g.Add(y, g.Scalar(y, gamma * alpha))))];
    }

    // y = ln(1 + e^x)  =>  dx = dy sigmoid(x)
    private static Value?[] Softplus(GradientContext g) =>
        [g.Mul(g.OutputGradient(0), g.Op("Sigmoid", [g.Input(0)]))];

    // y = x / (1 + |x|)  =>  dx = dy / (1 + |x|)^2
    private static Value?[] Softsign(GradientContext g)
    {
        Value x = g.Input(0);
        Value scale = g.Add(g.Op("Abs", [x]), g.One(x));
        return [g.Div(g.OutputGradient(0), g.Mul(scale, scale))];
    }

    // y = min(max(x, low), high)  =>  dx = dy [low <= x <= high]: the gradient passes at both bounds, as libtorch's clamp lets it
    // (its relu6 does not). dlow = dy [x < low <= high], dhigh = dy [x > high or low > high]
    private static Value?[] Clip(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        Value? low = g.OptionalInput(1), high = g.OptionalInput(2);
        bool mayCross = low is { IsConstant: false } && high is not null || high is { IsConstant: false } && low is not null;
        Value? crossed = mayCross ? g.Builder.Greater(low!, high!) : null;
        Value? ordered = crossed is null ? null : g.Op("Not", [crossed]);
        var result = new Value?[g.InputCount];

        // x is inside the bounds exactly where clipping left it as it is.
        if (g.NeedsGradient(0))
            result[0] = g.Where(Both(g, g.Builder.Equal(x, g.Output(0)), ordered), dy, g.Zero(x));
        if (low is not null && g.NeedsGradient(1))
            result[1] = g.Where(Both(g, g.Builder.Less(x, low), ordered), dy, g.Zero(x));
        if (high is not null && g.NeedsGradient(2))
        {
            Value above = g.Builder.Greater(x, high);
            result[2] = g.Where(crossed is null ? above : g.Op("Or", [above, crossed]), dy, g.Zero(x));
        }

        return result;
    }

    private static Value Both(GradientContext g, Value a, Value? b) => b is null ? a : g.Op("And", [a, b]);

    // y = 1 / (1 + e^-x)  =>  dx = dy y (1 - y)
    private static Value?[] Sigmoid(GradientContext g)
    {
        Value y = g.Output(0);
        return [g.Mul(g.OutputGradient(0), g.Mul(y, g.Sub(g.One(y), y)))];
    }

    // y = tanh x  =>  dx = dy (1 - y^2)
    private static Value?[] Tanh(GradientContext g)
    {
        Value y = g.Output(0);
        return [g.Mul(g.OutputGradient(0), g.Sub(g.One(y), g.Mul(y, y)))];
    }

    // y = erf x  =>  dx = dy 2/sqrt(pi) e^(-x^2)
    private static Value?[] Erf(GradientContext g)
    {
        Value x = g.Input(0);
        Value bell = g.Builder.Exp(g.Neg(g.Mul(x, x)));
        return [g.Mul(g.Mul(g.OutputGradient(0), 2 / Math.Sqrt(Math.PI)), bell)];
    }

    private static Value?[] Gelu(GradientContext g) =>
        [g.Node.GetString("approximate", "none") == "tanh" ? GeluByTanh(g, g.Input(0)) : GeluByErf(g, g.Input(0))];

    // y = x P(x), P(x) = (1 + erf(x / sqrt 2)) / 2  =>  dx = dy (P(x) + x e^(-x^2 / 2) / sqrt(2 pi))
    public static Value GeluByErf(GradientContext g, Value x)
    {
        Value probability = g.Mul(g.Add(g.Op("Erf", [g.Mul(x, Math.Sqrt(0.5))]), g.One(x)), 0.5);
        Value density = g.Mul(g.Builder.Exp(g.Mul(g.Mul(x, x), -0.5)), 1 / Math.Sqrt(2 * Math.PI));
        return g.Mul(g.OutputGradient(0), g.Add(probability, g.Mul(x, density)));
    }

    // y = x (1 + t) / 2, t = tanh(k (x + c x^3)), k = sqrt(2 / pi), c = 0.044715
    // =>  dx = dy ((1 + t) + x (1 - t^2) k (1 + 3 c x^2)) / 2
    public static Value GeluByTanh(GradientContext g, Value x)
    {
        double k = Math.Sqrt(2 / Math.PI);
        const double c = 0.044715;
        Value square = g.Mul(x, x);
        Value t = g.Op("Tanh", [g.Mul(x, g.Add(g.Mul(square, k * c), g.Scalar(x, k)))]);
        Value inner = g.Add(g.Mul(square, 3 * k * c), g.Scalar(x, k));
        Value bend = g.Mul(g.Mul(x, g.Sub(g.One(x), g.Mul(t, t))), inner);
        return g.Mul(g.OutputGradient(0), g.Mul(g.Add(g.Add(t, g.One(x)), bend), 0.5));
    }

    // y = min(max(alpha x + beta, 0), 1)  =>  dx = alpha dy [0 < y < 1]; 0 at both corners as in libtorch
    private static Value?[] HardSigmoid(GradientContext g)
    {
        Value y = g.Output(0), dy = g.OutputGradient(0);
        Value inside = g.Builder.Less(g.Op("Abs", [g.Sub(y, g.Scalar(y, 0.5))]), g.Scalar(y, 0.5));
        return [g.Where(inside, g.Mul(dy, g.Node.GetFloat("alpha", 0.2f)), g.Zero(dy))];
    }

    // y = x min(max(x / 6 + 1/2, 0), 1)  =>  dx = dy (x / 3 + 1/2) inside (-3, 3), 0 for x <= -3, dy for x >= 3, as in libtorch
    private static Value?[] HardSwish(GradientContext g)
    {
        Value x = g.Input(0);
        Value inside = g.Add(g.Mul(x, 1d / 3), g.Scalar(x, 0.5));
        Value above = g.Where(g.Builder.Greater(x, g.Scalar(x, -3)), inside, g.Zero(x));
        return [g.Mul(g.OutputGradient(0), g.Where(g.Builder.Less(x, g.Scalar(x, 3)), above, g.One(x)))];
    }

    // y = x for x > 0, alpha (e^(x / alpha) - 1) otherwise  =>  dx = dy or dy (y / alpha + 1)
    private static Value?[] Celu(GradientContext g)
    {
        Value y = g.Output(0), dy = g.OutputGradient(0);
        Value below = g.Mul(dy, g.Add(g.Mul(y, 1d / g.Node.GetFloat("alpha", 1f)), g.One(y)));
        return [g.Where(IsPositive(g), dy, below)];
    }

    // y = x for x > alpha, 0 otherwise  =>  dx = dy [x > alpha], as libtorch's threshold
    private static Value?[] ThresholdedRelu(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        return [g.Where(g.Builder.Greater(x, g.Scalar(x, g.Node.GetFloat("alpha", 1f))), dy, g.Zero(dy))];
    }

    // y = x + bias for x < -lambda, x - bias for x > lambda, 0 between  =>  dx = dy [|x| > lambda]
    private static Value?[] Shrink(GradientContext g)
    {
        Value x = g.Input(0), dy = g.OutputGradient(0);
        return [g.Where(g.Builder.Greater(g.Op("Abs", [x]), g.Scalar(x, g.Node.GetFloat("lambd", 0.5f))), dy, g.Zero(dy))];
    }

    // y = x t, t = tanh(ln(1 + e^x))  =>  dx = dy (t + x (1 - t^2) sigmoid(x))
    private static Value?[] Mish(GradientContext g)
    {
        Value x = g.Input(0);
        Value t = g.Op("Tanh", [g.Op("Softplus", [x])]);
        Value bend = g.Mul(g.Mul(x, g.Sub(g.One(x), g.Mul(t, t))), g.Op("Sigmoid", [x]));
        return [g.Mul(g.OutputGradient(0), g.Add(t, bend))];
    }

    // y = x s, s = sigmoid(alpha x)  =>  dx = dy s (1 + alpha x (1 - s))
    public static Value Swish(GradientContext g, float alpha)
    {
        Value x = g.Input(0);
        Value scaled = alpha == 1f ? x : g.Mul(x, alpha);
        Value s = g.Op("Sigmoid", [scaled]);
        Value bend = g.Add(g.One(x), g.Mul(scaled, g.Sub(g.One(x), s)));
        return g.Mul(g.OutputGradient(0), g.Mul(s, bend));
    }

    private static Value IsPositive(GradientContext g) => g.Builder.Greater(g.Input(0), g.Zero(g.Input(0)));
}
