using AutLearn.Graph;

namespace AutLearn.Testing.Hostile;

/// <summary>Damages a sound model where readers and compilers look: attributes, ranks, sizes, types, constants and edges.</summary>
public sealed class ModelDamage(int seed)
{
    private static readonly long[] Numbers = [0, 1, -1, 2, 3, 5, 7, 64, 1000, -2, 1L << 20, 1L << 31, 1L << 32, 1L << 40, 1L << 58, long.MaxValue - 1, long.MaxValue, long.MinValue, int.MinValue];
    private static readonly string[] Texts = ["", "SAME_UPPER", "SAME_LOWER", "VALID", "linear", "cubic", "nearest", "bidirectional", "reverse", "ij,jk->ik", "ii->i", "->", "abc", "...", "nth,hk->"];
    private static readonly string[] Operators =
        [
            "Add", "Mul", "Div", "Relu", "Softmax", "Identity", "Reshape", "Flatten", "Transpose", "ReduceSum", "MatMul", "Gemm", "Gather", "Concat", "Expand", "Squeeze",
            "Unsqueeze", "Slice", "Conv", "MaxPool", "Shape", "Size", "Cast", "Dropout", "LayerNormalization", "Einsum", "Tile", "Pad", "ConstantOfShape", "Where", "Pow", "Split", "Not", "NonZero",
        ];

    private readonly Random _random = new(seed);

    /// <summary>Damages a copy in one to four places.</summary>
    public OnnxModel Damage(OnnxModel sound)
    {
        OnnxModel model = sound.Clone();
        int rounds = _random.Next(3) > 0 ? 1 : 2 + _random.Next(3);
        for (int i = 0; i < rounds; i++)
        {
            try
            {
                DamageOnce(model);
            }
            catch (Exception error) when (error is ArgumentException or InvalidOperationException or OverflowException or AutLearnException)
            {
                // Not every model has such a place.
                continue;
            }
        }

        return model;
    }

    private void DamageOnce(OnnxModel model)
    {
        OnnxGraph graph = model.Graph;
        Node node = Any(graph.Nodes);
        switch (_random.Next(14))
        {
            case 0 or 1 or 11 or 12 or 13:
                DamageAttribute(Any([.. graph.Nodes.Where(n => !n.Attributes.IsEmpty)]));
                break;
            case 2 when _random.Next(4) == 0:
                node.SetAttribute(Any(["axis", "keepdims", "group", "strides", "pads", "kernel_shape", "perm", "to", "hidden_size", "dilations", "transB", "ceil_mode"]), AnyAttribute());
                break;
            case 3:
                Replace(graph, node, Any(Operators));
                break;
            case 4:
                graph.SetInput(node, _random.Next(node.Inputs.Count), _random.Next(4) == 0 ? null : Any([.. graph.Values]));
                break;
            case 5:
                graph.TruncateInputs(node, _random.Next(node.Inputs.Count + 1));
                break;
            case 6 or 7:
                Value constant = Any(graph.Initializers);
                graph.SetInitializer(constant, Changed(constant.Initializer!));
                break;
            case 8:
                Value input = Any([.. graph.Inputs.Where(i => i.Initializer is null)]);
                input.Type = AnyType(input.Type);
                break;
            case 9:
                Value inner = Any([.. graph.Values.Where(v => v.Producer is not null)]);
                inner.Type = AnyType(inner.Type);
                break;
            default:
                graph.RemoveOutput(Any(graph.Outputs));
                graph.AddOutput(Any([.. graph.Values]));
                break;
        }
    }

    private static void Replace(OnnxGraph graph, Node node, string op)
    {
        Node other = graph.AddNode(op, node.Inputs, node.Outputs.Select(_ => graph.UniqueName("other")), node.Attributes);
        for (int i = 0; i < node.Outputs.Count; i++)
            graph.ReplaceAllUses(node.Outputs[i]!, other.Outputs[i]!);
        graph.Remove(node);
    }

    private void DamageAttribute(Node node)
    {
        if (node.Attributes.IsEmpty)
            return;
        (string name, AttributeValue value) = Any([.. node.Attributes]);
        if (_random.Next(4) == 0)
        {
            node.RemoveAttribute(name);
            return;
        }

        node.SetAttribute(name, value.Kind switch
        {
            AttributeKind.Int => AttributeValue.Of(Any(Numbers)),
            AttributeKind.Float => AttributeValue.Of(Any([0f, -1f, float.NaN, float.PositiveInfinity, float.MaxValue, 1e-38f])),
            AttributeKind.String => AttributeValue.Of(Any(Texts)),
            AttributeKind.Ints => AttributeValue.Of([.. Changed([.. value.Ints])]),
            _ => AnyAttribute(),
        });
    }

    private AttributeValue AnyAttribute() => _random.Next(3) == 0
        ? AttributeValue.Of([.. Enumerable.Range(0, _random.Next(5)).Select(_ => Any(Numbers))])
        : AttributeValue.Of(Any(Numbers));

    private long[] Changed(long[] numbers)
    {
        switch (_random.Next(3))
        {
            case 0:
                return [.. numbers, Any(Numbers)];
            case 1 when numbers.Length > 0:
                return numbers[1..];
            default:
                if (numbers.Length > 0)
                    numbers[_random.Next(numbers.Length)] = Any(Numbers);
                return numbers;
        }
    }

    private Tensor Changed(Tensor tensor)
    {
        long[] sizes = [.. tensor.Dimensions];
        switch (_random.Next(5))
        {
            case 0 when tensor.ElementType == ElementType.Int64:
                return Tensor.Of<long>(sizes, Changed(tensor.Span<long>().ToArray()).AsSpan(0, (int)tensor.Count));
            case 1:
                return new Tensor(tensor.ElementType, [1, .. sizes], tensor.Bytes);
            case 2:
                return new Tensor(tensor.ElementType, [tensor.Count], tensor.Bytes);
            case 3:
                ElementType same = Any(Enum.GetValues<ElementType>().Where(t => t.SizeInBits() == tensor.ElementType.SizeInBits()).ToArray());
                return new Tensor(same, sizes, tensor.Bytes);
            default:
                return new Tensor(tensor.ElementType, [0], ReadOnlyMemory<byte>.Empty);
        }
    }

    private TensorType? AnyType(TensorType? type)
    {
        if (type?.Shape is not { } shape || _random.Next(8) == 0)
            return null;
        switch (_random.Next(4))
        {
            case 0:
                return type with { ElementType = Any(Enum.GetValues<ElementType>()) };
            case 1:
                return type with { Shape = new Shape([.. shape, AnyDimension()]) };
            case 2:
                return type with { Shape = new Shape(shape.Skip(1)) };
            default:
                return shape.Rank == 0 ? type : type with { Shape = shape.With(_random.Next(shape.Rank), AnyDimension()) };
        }
    }

    private Dimension AnyDimension() => _random.Next(3) switch
    {
        0 => Dimension.Unknown,
        1 => "M",
        _ => Math.Max(0, Math.Min(Any(Numbers), long.MaxValue - 1)),
    };

    private T Any<T>(IReadOnlyList<T> items) => items.Count > 0 ? items[_random.Next(items.Count)] : throw new InvalidOperationException("There is none.");
}
