using System.Collections.Immutable;
using AutLearn.Graph;

namespace AutLearn.Compiler.Preparation;

/// <summary>Replaces inputs by constants: settings of a model that an app never changes.</summary>
/// <param name="numbers">The number by input.</param>
internal sealed class FixedInputs(ImmutableSortedDictionary<string, double> numbers)
{
    /// <summary>Replaces the inputs.</summary>
    /// <exception cref="AutLearnException">There is no such input, its type does not hold the number, or its size does not follow from another input.</exception>
    public void Apply(OnnxModel model)
    {
        OnnxGraph graph = model.Graph;
        foreach ((string name, double number) in numbers)
        {
            if (graph.Inputs.FirstOrDefault(i => i.Name == name) is not { } input)
                throw new AutLearnException($"The model has no input '{name}' to fix. Its inputs are {string.Join(", ", graph.Inputs.Select(i => $"'{i.Name}'"))}.");
            if (input.Shape is not { } shape)
                throw new AutLearnException($"Input '{name}' has no known rank, so it cannot be fixed. Declare its shape.");
            Tensor fill = FillOf(input, number);
            Value constant = shape.IsStatic
                ? graph.AddInitializer(graph.UniqueName(name), Repeated(fill, shape))
                : Filled(model, input, shape, fill);
            graph.ReplaceAllUses(input, constant);
            graph.Remove(input);
            if (constant.Producer is null)
                graph.Rename(constant, name);
        }

        graph.SortTopologically();
    }

    private static Tensor FillOf(Value input, double number)
    {
        try
        {
            if (!input.ElementType.IsFloatingPoint() && number != Math.Floor(number))
                throw new OverflowException();
            return input.ElementType == ElementType.Bool ? Tensor.Scalar(number != 0) : GraphBuilder.ScalarTensor(input.ElementType, checked(input.ElementType.IsFloatingPoint() ? number : (long)number));
        }
        catch (Exception error) when (error is NotSupportedException or OverflowException)
        {
            throw new AutLearnException($"Input '{input.Name}' is {input.Type}, which cannot be fixed to {number}.", error);
        }
    }

    private static Tensor Repeated(Tensor fill, Shape shape)
    {
        long count = shape.ElementCount()!.Value;
        int size = fill.Bytes.Length;
        if (count * size > Array.MaxLength)
            throw new AutLearnException($"An input of shape {shape} is too large to be fixed.");
        byte[] bytes = new byte[count * size];
        for (long i = 0; i < count; i++)
            fill.Bytes.Span.CopyTo(bytes.AsSpan((int)(i * size)));
        return new(fill.ElementType, shape.ToSizes(), bytes);
    }

    // Sizes that other inputs have too, such as the batch, are read off those.
    private static Value Filled(OnnxModel model, Value input, Shape shape, Tensor fill)
    {
        var builder = new GraphBuilder(model.Graph, model.Opset) { NameStem = input.Name };
        var parts = new List<Value?>();
        foreach (Dimension dimension in shape)
        {
            if (dimension.IsKnown)
            {
                parts.Add(builder.Ints(dimension.Size));
                continue;
            }

            Value? other = model.Graph.Inputs.FirstOrDefault(i => !ReferenceEquals(i, input) && dimension.Symbol is not null && i.Shape?.Contains(dimension) == true);
            if (other is null)
                throw new AutLearnException($"Input '{input.Name}' of shape {shape} cannot be fixed: no other input has the size '{dimension}'.");
            parts.Add(builder.SizeOf(other, other.Shape!.ToList().IndexOf(dimension)));
        }

        Value sizes = parts.Count == 1 ? parts[0]! : builder.Concat(0, [.. parts]);
        return builder.Op("ConstantOfShape", [sizes], ("value", AttributeValue.Of(new Tensor(fill.ElementType, [1], fill.Bytes))));
    }
}
