namespace AutLearn.Compiler.Gradients;

/// <summary>Operators through which no gradient flows.</summary>
internal static class ZeroGradients
{
    private const string Steps = "piecewise constant";
    private const string Truth = "its output is a truth value";
    private const string Integers = "its output is an integer";
    private const string Positions = "it selects or counts positions";
    private const string NoInput = "its output does not depend on the values of its inputs";

    public static void Register(GradientRegistry rules)
    {
        rules.AddZero("Floor", sinceOpset: 6, Steps);
        rules.AddZero("Ceil", sinceOpset: 6, Steps);
        rules.AddZero("Round", sinceOpset: 11, Steps);
        rules.AddZero("Sign", sinceOpset: 9, Steps);
        rules.AddZero("Hardmax", sinceOpset: 13, Steps);

        rules.AddZero("Not", sinceOpset: 1, Truth);
        rules.AddZero("And", sinceOpset: 7, Truth);
        rules.AddZero("Or", sinceOpset: 7, Truth);
        rules.AddZero("Xor", sinceOpset: 7, Truth);
        rules.AddZero("Equal", sinceOpset: 7, Truth);
        rules.AddZero("Less", sinceOpset: 7, Truth);
        rules.AddZero("LessOrEqual", sinceOpset: 12, Truth);
        rules.AddZero("Greater", sinceOpset: 7, Truth);
        rules.AddZero("GreaterOrEqual", sinceOpset: 12, Truth);
        rules.AddZero("IsNaN", sinceOpset: 9, Truth);
        rules.AddZero("IsInf", sinceOpset: 10, Truth);

        rules.AddZero("Shape", sinceOpset: 1, Integers);
        rules.AddZero("Size", sinceOpset: 1, Integers);
        rules.AddZero("ArgMax", sinceOpset: 11, Positions);
        rules.AddZero("ArgMin", sinceOpset: 11, Positions);
        rules.AddZero("NonZero", sinceOpset: 9, Positions);
        rules.AddZero("NonMaxSuppression", sinceOpset: 10, Positions);

        rules.AddZero("ConstantOfShape", sinceOpset: 9, NoInput);
        rules.AddZero("EyeLike", sinceOpset: 9, NoInput);
        rules.AddZero("Range", sinceOpset: 11, "start, limit and step are held fixed, as in libtorch's arange");
        rules.AddZero("MelWeightMatrix", sinceOpset: 17, "its edges are held fixed");
        rules.AddZero("OneHot", sinceOpset: 11, "the two values are held fixed, as in libtorch's one_hot");
    }
}
