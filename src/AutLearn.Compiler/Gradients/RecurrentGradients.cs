using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of recurrent layers.</summary>
/// <remarks>
/// The forward node gives neither its gates nor the cell state of every step, so a Scan that does takes its place; that is cheaper
/// than to compute the gates a second time. A second Scan runs backwards; dW, dR and dX are one product over all steps each.
/// Activations: Sigmoid, Tanh, Relu, HardSigmoid, LeakyRelu, Elu, Softsign. Clipping is refused.
/// </remarks>
internal static class RecurrentGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("LSTM", sinceOpset: 7, Lstm);
        rules.Add("GRU", sinceOpset: 7, Gru);
        rules.Add("RNN", sinceOpset: 7, Rnn);
    }

    private static Value?[] Lstm(GradientContext g)
    {
        var layer = new RecurrentLayer(g, gates: 4);
        RecurrentActivation[] activations = RecurrentActivation.Read(g.Node, layer.Directions, "Sigmoid", "Tanh", "Tanh");
        return layer.Differentiate(d => new LstmDirection(layer, d, activations));
    }

    private static Value?[] Gru(GradientContext g)
    {
        var layer = new RecurrentLayer(g, gates: 3);
        RecurrentActivation[] activations = RecurrentActivation.Read(g.Node, layer.Directions, "Sigmoid", "Tanh");
        return layer.Differentiate(d => new GruDirection(layer, d, activations));
    }

    private static Value?[] Rnn(GradientContext g)
    {
        var layer = new RecurrentLayer(g, gates: 1);
        RecurrentActivation[] activations = RecurrentActivation.Read(g.Node, layer.Directions, "Tanh");
        return layer.Differentiate(d => new RnnDirection(layer, d, activations));
    }
}
