using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of scattering. Indices themselves carry no gradient.</summary>
/// <remarks>
/// Reductions take the elements in any order, so an index may occur several times. ScatterND is rewritten by positions of single elements:
/// ONNX Runtime splits it over threads that then race on equal indices (its issue 23396).
/// </remarks>
internal static class ScatterGradients
{
    public static void Register(GradientRegistry rules)
    {
        rules.Add("ScatterElements", sinceOpset: 11, ScatterElements);
        rules.Add("ScatterND", sinceOpset: 11, ScatterND);
    }

    // y = x with y[indices] = u (or += u)  =>  dx = dy, with zeros at the indices unless added; du = dy[indices]
    private static Value?[] ScatterElements(GradientContext g)
    {
        string reduction = g.Node.GetString("reduction", "none");
        if (reduction is not ("none" or "add"))
            return Reduced(g, reduction, ByElements(g));
        Value dy = g.OutputGradient(0), indices = g.Input(1);
        long axis = g.Node.GetInt("axis", 0);
        Value kept = dy;
        if (g.NeedsGradient(0) && reduction == "none")
            kept = g.Op("ScatterElements", [dy, indices, g.ZerosLike(g.Input(2))], ("axis", AttributeValue.Of(axis)));
        return [kept, null, g.NeedsGradient(2) ? g.Op("GatherElements", [dy, indices], ("axis", AttributeValue.Of(axis))) : null];
    }

    // As ScatterElements, by whole slices.
    private static Value?[] ScatterND(GradientContext g)
    {
        string reduction = g.Node.GetString("reduction", "none");
        if (reduction is not ("none" or "add"))
            return Reduced(g, reduction, BySlices(g));
        Value dy = g.OutputGradient(0), indices = g.Input(1);
        Value kept = dy;
        if (g.NeedsGradient(0) && reduction == "none")
            kept = g.Op("ScatterND", [dy, indices, g.ZerosLike(g.Input(2))]);
        return [kept, null, g.NeedsGradient(2) ? g.Op("GatherND", [dy, indices]) : null];
    }

    private static Value?[] Reduced(GradientContext g, string reduction, Places places) => reduction switch
    {
        "mul" => Product(g, places),
        "max" or "min" => Extremum(g, places),
        _ => throw new UnsupportedGradientException([$"'{g.Node.DisplayName}' ({g.Node.OpType} with reduction '{reduction}')"]),
    };

    // y = x times every u at its place  =>  dx = dy times the product of these, du = dy x times the product of the other u there:
    // of all divided by u, where one is 0 the product of the rest, where several are nothing
    private static Value?[] Product(GradientContext g, Places places)
    {
        Value x = g.Input(0), u = g.Input(2), dy = g.OutputGradient(0);
        Value? dx = g.NeedsGradient(0) ? g.Mul(dy, places.Scatter(Filled(g, x, 1), u, "mul")) : null;
        if (!g.NeedsGradient(2))
            return [dx, null, null];
        Value isZero = g.Builder.Equal(u, g.Zero(u));
        Value other = g.Where(isZero, g.One(u), u);
        Value product = g.Mul(dy, places.Scatter(x, other, "mul"));
        Value zeros = places.Gather(places.Scatter(g.ZerosLike(x), g.Builder.CastLike(isZero, u), "add"));
        Value there = places.Gather(product);
        Value atZero = g.Where(g.Builder.Equal(zeros, g.One(u)), there, g.Zero(u)), elsewhere = g.Where(g.Builder.Equal(zeros, g.Zero(u)), there, g.Zero(u));
        return [dx, null, g.Where(isZero, atZero, g.Div(elsewhere, other))];
    }

    // y = the largest or smallest of x and every u at its place  =>  dx = dy [x = y] / n, du = dy [u = y] / n with the number n of those that are y
    private static Value?[] Extremum(GradientContext g, Places places)
    {
        Value x = g.Input(0), u = g.Input(2), y = g.Output(0);
        Value isX = g.Builder.CastLike(g.Builder.Equal(x, y), x), isU = g.Builder.CastLike(g.Builder.Equal(u, places.Gather(y)), u);
        Value share = g.Div(g.OutputGradient(0), places.Scatter(isX, isU, "add"));
        return [g.Mul(share, isX), null, g.NeedsGradient(2) ? g.Mul(places.Gather(share), isU) : null];
    }

    private static Value Filled(GradientContext g, Value like, double value)
    {
        Tensor scalar = GraphBuilder.ScalarTensor(like.ElementType, value);
        Value filled = g.Op("ConstantOfShape", [g.ShapeOf(like)], ("value", AttributeValue.Of(new Tensor(scalar.ElementType, [1], scalar.Bytes))));
        filled.Type = like.Type;
        return filled;
    }

    private static Places ByElements(GradientContext g)
    {
        (string, AttributeValue) axis = ("axis", AttributeValue.Of(g.Node.GetInt("axis", 0)));
        Value indices = g.Input(1);
        return new(
            (data, updates, reduction) => Typed(g.Op("ScatterElements", [data, indices, updates], axis, ("reduction", AttributeValue.Of(reduction))), data),
            data => Typed(g.Op("GatherElements", [data, indices], axis), data, g.Input(2)));
    }

    private static Places BySlices(GradientContext g)
    {
        Value positions = g.Reshape(g.Op("GatherND", [g.PositionsIn(g.Input(0)), g.Input(1)]), -1);
        return new(
            (data, updates, reduction) => g.ReshapeLike(
                g.Op("ScatterElements", [g.Reshape(data, -1), positions, g.Reshape(updates, -1)], ("axis", AttributeValue.Of(0L)), ("reduction", AttributeValue.Of(reduction))),
                data),
            data => g.ReshapeLike(g.Op("Gather", [g.Reshape(data, -1), positions]), g.Input(2)));
    }

    private static Value Typed(Value value, Value data, Value? like = null)
    {
        value.Type = new TensorType(data.ElementType, (like ?? data).Shape);
        return value;
    }

    /// <summary>Where the updates go: scatters (data, updates, reduction), and gathers what stands there.</summary>
    private sealed record Places(Func<Value, Value, string, Value> Scatter, Func<Value, Value> Gather);
}
