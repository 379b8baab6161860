namespace AutLearn.Graph.Inference;

/// <summary>Operators whose outputs have the (broadcast) shape of their inputs.</summary>
internal static class ElementwiseShapes
{
    public static void Register(Dictionary<(string, string), ShapeRule> rules)
    {
        foreach (string op in (string[])
            [
                "Neg", "Sqrt", "Exp", "Log", "Relu", "LeakyRelu", "Clip", "Sigmoid", "Tanh", "Erf", "Gelu", "HardSigmoid", "HardSwish",
                "Softmax", "LogSoftmax", "Hardmax", "Identity", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh",
                "Atanh", "Abs", "Sign", "Reciprocal", "Elu", "Selu", "Celu", "Softplus", "Softsign", "ThresholdedRelu", "Mish", "Floor", "Ceil",
                "Round", "Not", "BitwiseNot", "CumSum", "Trilu", "Swish", "Shrink", "CumProd",
                "ReverseSequence",
            ])
        {
            rules.Add(("", op), SameAsInput);
        }

        foreach (string op in (string[])["Add", "Sub", "Mul", "Div", "Pow", "Mod", "PRelu", "BitShift", "And", "Or", "Xor", "BitwiseAnd", "BitwiseOr", "BitwiseXor"])
            rules.Add(("", op), c => c.Set(0, c.TypeOf(0), c.BroadcastInputs(0, 2)));
        foreach (string op in (string[])["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"])
            rules.Add(("", op), c => c.Set(0, ElementType.Bool, c.BroadcastInputs(0, 2)));
        foreach (string op in (string[])["IsNaN", "IsInf"])
            rules.Add(("", op), c => c.Set(0, ElementType.Bool, c.Required(0)));
        foreach (string op in (string[])["Sum", "Mean", "Min", "Max"])
            rules.Add(("", op), c => c.Set(0, c.TypeOf(0), c.BroadcastInputs(0, c.Node.Inputs.Count)));
        rules.Add(("", "Where"), Where);
        rules.Add(("", "Cast"), c => c.Set(0, c.TypeIn("to", ElementType.Undefined), c.Required(0)));
        rules.Add(("", "CastLike"), c => c.Set(0, c.TypeOf(1), c.Required(0)));
        rules.Add(("", "Dropout"), Dropout);
        foreach (string op in (string[])["Gelu", "FastGelu", "QuickGelu"])
            rules.Add(("com.microsoft", op), SameAsInput);
        foreach (string op in (string[])["BiasGelu", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax"])
            rules.Add(("com.microsoft", op), SameAsInput);
        rules.Add(("com.microsoft", "InPlaceAccumulatorV2"), c => c.Set(1, c.TypeOf(0), c.Required(0)));
    }

    private static void SameAsInput(ShapeContext c) => c.Set(0, c.TypeOf(0), c.Required(0));

    private static void Where(ShapeContext c) =>
        c.Set(0, c.TypeOf(1), c.Broadcast(c.Required(0), c.Broadcast(c.Required(1), c.Required(2))));

    private static void Dropout(ShapeContext c)
    {
        c.Set(0, c.TypeOf(0), c.Required(0));
        c.Set(1, c.Opset >= 10 ? ElementType.Bool : c.TypeOf(0), c.Required(0));
    }
}
