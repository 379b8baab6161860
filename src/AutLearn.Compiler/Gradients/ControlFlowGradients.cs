using AutLearn.Compiler.Passes;
using AutLearn.Graph;

namespace AutLearn.Compiler.Gradients;

/// <summary>Gradients of conditions and loops: branches are computed both, loops of a known number of steps are written out.</summary>
internal static class ControlFlowGradients
{
    // What a loop of the file may grow to.
    private const long MostSteps = 256;
    private const long MostNodes = 1 << 13;

    public static void Register(GradientRegistry rules)
    {
        rules.AddComposed("If", sinceOpset: 1, If);
        rules.AddComposed("Scan", sinceOpset: 9, Scan);
        rules.AddComposed("Loop", sinceOpset: 1, Loop);
    }

    // y = c ? a : b. The branch that is not taken gets the gradient 0, whatever it comes to.
    private static Value?[] If(GradientContext g)
    {
        OnnxGraph then = Body(g, "then_branch"), otherwise = Body(g, "else_branch");
        Value condition = g.Builder.Reshape(g.Input(0), []);
        Value[] a = Copy(g, then, [], "then"), b = Copy(g, otherwise, [], "else");
        var outputs = new Value?[g.Node.Outputs.Count];
        for (int o = 0; o < outputs.Length; o++)
        {
            if (!IsUsed(g, o))
                continue;
            if (a[o].Shape is not { } left || b[o].Shape is not { } right || left.Rank != right.Rank || left.Zip(right).Any(d => !d.First.IsSameSizeAs(d.Second)))
                throw Refused(g, $"whose branches give '{g.Node.Outputs[o]!.Name}' the shapes {a[o].Shape} and {b[o].Shape}");
            outputs[o] = g.Where(condition, a[o], b[o]);
            outputs[o]!.Type = a[o].Type;
        }

        return outputs;
    }

    // States go from step to step; each step reads a slice of every sequence and adds one to every output sequence.
    private static Value?[] Scan(GradientContext g)
    {
        OnnxGraph body = Body(g, "body");
        int sequences = checked((int)g.Node.GetInt("num_scan_inputs", 0)), states = g.InputCount - sequences;
        if (states < 0 || sequences < 1 || body.Inputs.Count != g.InputCount || body.Outputs.Count < states)
            throw new InvalidModelException($"Node '{g.Node.DisplayName}' (Scan) has {g.InputCount} inputs, {sequences} of them sequences, for a body of {body.Inputs.Count}.") { NodeName = g.Node.DisplayName };
        Value[][] slices = [.. Enumerable.Range(0, sequences).Select(i => Slices(g, g.Input(states + i), At(g, "scan_input_axes", i), At(g, "scan_input_directions", i) != 0, body))];
        Value[] current = [.. Enumerable.Range(0, states).Select(g.Input)];
        int steps = slices.Min(s => s.Length), stacked = body.Outputs.Count - states;
        List<Value>[] collected = [.. Enumerable.Range(0, stacked).Select(_ => new List<Value>())];
        for (int t = 0; t < steps; t++)
        {
            Value[] results = Copy(g, body, [.. current, .. slices.Select(s => s[t])], $"step{t}");
            current = results[..states];
            for (int k = 0; k < stacked; k++)
                collected[k].Add(results[states + k]);
        }

        return [.. current, .. collected.Select((c, k) => IsUsed(g, states + k) ? Stack(g, c, At(g, "scan_output_axes", k), At(g, "scan_output_directions", k) != 0) : null)];
    }

    // As Scan, without sequences to read, for as many steps as the first input says; the body must not end it sooner.
    private static Value?[] Loop(GradientContext g)
    {
        OnnxGraph body = Body(g, "body");
        int states = g.InputCount - 2;
        if (g.OptionalInput(0).ConstantInts() is not [var count] || !IsTrue(g.OptionalInput(1)) || !GoesOn(body))
            throw Refused(g, "whose number of steps is not known");
        if (body.Inputs.Count != states + 2 || body.Outputs.Count <= states)
            throw new InvalidModelException($"Node '{g.Node.DisplayName}' (Loop) has {states} states for a body of {body.Inputs.Count} inputs.") { NodeName = g.Node.DisplayName };
        RequireFew(g, count, body);
        Value[] current = [.. Enumerable.Range(2, Math.Max(0, states)).Select(g.Input)];
        int stacked = body.Outputs.Count - states - 1;
        List<Value>[] collected = [.. Enumerable.Range(0, stacked).Select(_ => new List<Value>())];
        Value on = g.Constant(Tensor.Scalar(true));
        for (int t = 0; t < count; t++)
        {
            Value[] results = Copy(g, body, [g.Int(t), on, .. current], $"step{t}");
            current = results[1..(states + 1)];
            for (int k = 0; k < stacked; k++)
                collected[k].Add(results[states + 1 + k]);
        }

        return [.. current, .. collected.Select((c, k) => IsUsed(g, states + k) ? Stack(g, c, 0, isReversed: false) : null)];
    }

    private static Value[] Slices(GradientContext g, Value sequence, long axis, bool isReversed, OnnxGraph body)
    {
        int at = g.AxisOf(axis, g.RankOf(sequence));
        if (sequence.Shape![at] is not { IsKnown: true, Size: var count })
            throw Refused(g, $"over '{sequence.Name}' {sequence.Shape}, whose number of steps is not known");
        RequireFew(g, count, body);
        Value[] parts = count == 1 ? [sequence] : g.Ops("Split", (int)count, [sequence, g.Ints([.. Enumerable.Repeat(1L, (int)count)])], ("axis", AttributeValue.Of((long)at)));
        Value[] slices = [.. parts.Select(p => g.Op("Squeeze", [p, g.Ints(at)]))];
        return isReversed ? [.. slices.Reverse()] : slices;
    }

    private static Value Stack(GradientContext g, List<Value> slices, long axis, bool isReversed)
    {
        if (slices.Count == 0)
            throw Refused(g, "of no steps");
        if (isReversed)
            slices.Reverse();
        Value[] parts = [.. slices.Select(s => g.Op("Unsqueeze", [s, g.Ints(axis)]))];
        return parts.Length == 1 ? parts[0] : g.Builder.Concat(axis, parts);
    }

    private static void RequireFew(GradientContext g, long steps, OnnxGraph body)
    {
        if (steps is < 1 or > MostSteps || steps * body.Nodes.Count > MostNodes)
            throw Refused(g, $"of {steps} steps with {body.Nodes.Count} nodes each, where 1 to {MostSteps} with {MostNodes} in all can be written out");
        g.Spend(steps * (body.Nodes.Count + g.InputCount), 0);
    }

    private static Value[] Copy(GradientContext g, OnnxGraph body, ReadOnlySpan<Value> arguments, string name) =>
        SubgraphInlining.Copy(g.Builder.Graph, body, arguments, $"{g.Builder.NameStem}/{name}", g.Builder.Opset);

    private static bool IsUsed(GradientContext g, int output) => g.Node.Output(output) is { } value && (value.Uses.Count > 0 || value.IsOutput || g.OptionalOutputGradient(output) is not null);

    private static long At(GradientContext g, string attribute, int index) => g.Node.GetInts(attribute) is { } given && index < given.Length ? given[index] : 0;

    private static bool IsTrue(Value? condition) => condition is null || condition is { IsConstant: true, Initializer: { ElementType: ElementType.Bool, Count: 1 } value } && value.Span<bool>()[0];

    // The condition of the next step is that of this one, or true.
    private static bool GoesOn(OnnxGraph body)
    {
        if (body.Inputs.Count < 2 || body.Outputs.Count == 0)
            return false;
        Value next = body.Outputs[0];
        while (next.Producer is { OpType: "Identity" } same && same.Input(0) is { } source)
            next = source;
        return ReferenceEquals(next, body.Inputs[1]) || next.Producer is { OpType: "Constant" } constant && constant.GetTensor("value") is { ElementType: ElementType.Bool, Count: 1 } value && value.Span<bool>()[0]
            || next is { IsConstant: true } && IsTrue(next);
    }

    private static OnnxGraph Body(GradientContext g, string attribute)
    {
        if (!g.Node.Attributes.TryGetValue(attribute, out AttributeValue? value) || value.Kind != AttributeKind.Graph)
            throw new InvalidModelException($"Node '{g.Node.DisplayName}' ({g.Node.OpType}) lacks {attribute}.") { NodeName = g.Node.DisplayName };
        return SubgraphInlining.IsPlain(value.Graph) ? value.Graph : throw Refused(g, "that holds conditions or loops of its own");
    }

    private static UnsupportedGradientException Refused(GradientContext g, string what) => new([$"'{g.Node.DisplayName}' ({g.Node.OpType} {what})"]);
}
