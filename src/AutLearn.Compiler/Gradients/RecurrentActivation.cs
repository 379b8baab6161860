using System.Collections.Immutable;
using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>An activation of a recurrent layer, with its derivative as a function of its result.</summary>
internal sealed class RecurrentActivation
{
    private readonly string _name;
    private readonly float _alpha;
    private readonly float _beta;

    private RecurrentActivation(string name, float alpha, float beta)
    {
        _name = name;
        _alpha = alpha;
        _beta = beta;
    }

    /// <summary>Reads the activations of every direction, in order.</summary>
    /// <exception cref="UnsupportedGradientException">An activation is none of those known here.</exception>
    public static RecurrentActivation[] Read(Node node, int directions, params string[] defaults)
    {
        ImmutableArray<string> names = node.GetStrings("activations") ?? [.. Enumerable.Repeat(defaults, directions).SelectMany(d => d)];
        if (names.Length != directions * defaults.Length)
            throw new InvalidModelException($"Node '{node.DisplayName}' ({node.OpType}) names {names.Length} activations; {directions * defaults.Length} are needed.") { NodeName = node.DisplayName };

        // Each list holds values only for those activations that take one.
        var alphas = new Queue<float>(node.GetFloats("activation_alpha") ?? []);
        var betas = new Queue<float>(node.GetFloats("activation_beta") ?? []);
        return [.. names.Select(n => Create(node, n, alphas, betas))];
    }

    /// <summary>Tells whether both compute the same function.</summary>
    public bool Equals(RecurrentActivation other) => _name == other._name && _alpha.Equals(other._alpha) && _beta.Equals(other._beta);

    /// <summary>y = f(x), in any graph.</summary>
    public Value Apply(GraphBuilder b, Value x) => _name switch
    {
        "HardSigmoid" => b.Op(_name, [x], ("alpha", AttributeValue.Of(_alpha)), ("beta", AttributeValue.Of(_beta))),
        "LeakyRelu" or "Elu" => b.Op(_name, [x], ("alpha", AttributeValue.Of(_alpha))),
        _ => b.Op(_name, [x]),
    };

    // Kinks as in libtorch: Relu 0 at 0, LeakyRelu alpha at 0, HardSigmoid 0 at its bounds.
    /// <summary>f'(x) from y = f(x).</summary>
    public Value Derivative(GraphBuilder b, Value y) => _name switch
    {
        "Sigmoid" => b.Sub(y, b.Mul(y, y)),
        "Tanh" => b.Sub(b.One(y), b.Mul(y, y)),
        "Relu" => b.CastLike(b.Greater(y, b.Zero(y)), y),
        "HardSigmoid" => b.Where(b.Op("And", [b.Greater(y, b.Zero(y)), b.Less(y, b.One(y))]), b.Scalar(y, _alpha), b.Zero(y)),
        "LeakyRelu" => b.Where(b.Greater(y, b.Zero(y)), b.One(y), b.Scalar(y, _alpha)),
        "Elu" => b.Where(b.Greater(y, b.Zero(y)), b.One(y), b.Add(y, b.Scalar(y, _alpha))),
        _ => Square(b, b.Sub(b.One(y), b.Op("Abs", [y]))), // Softsign: 1 / (1 + |x|)^2
    };

    private static Value Square(GraphBuilder b, Value x) => b.Mul(x, x);

    private static RecurrentActivation Create(Node node, string name, Queue<float> alphas, Queue<float> betas)
    {
        static float Next(Queue<float> values, float fallback) => values.TryDequeue(out float value) ? value : fallback;
        RecurrentActivation? found = name.ToUpperInvariant() switch
        {
            "SIGMOID" => new("Sigmoid", 0, 0),
            "TANH" => new("Tanh", 0, 0),
            "RELU" => new("Relu", 0, 0),
            "SOFTSIGN" => new("Softsign", 0, 0),
            "HARDSIGMOID" => new("HardSigmoid", Next(alphas, 0.2f), Next(betas, 0.5f)),
            "LEAKYRELU" => new("LeakyRelu", Next(alphas, 0.01f), 0),
            "ELU" => new("Elu", Next(alphas, 1f), 0),
            _ => null,
        };

        // The derivative is told from the sign of the result.
        if (found is null || (found._name is "LeakyRelu" or "Elu" && found._alpha < 0))
            throw new UnsupportedGradientException([$"'{node.DisplayName}' ({node.OpType} with activation '{name}'{(found is null ? "" : " of negative alpha")})"]);
        return found;
    }
}
