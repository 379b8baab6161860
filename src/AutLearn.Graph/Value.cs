namespace AutLearn.Graph;

/// <summary>One edge of a graph: an input, an initializer, or the output of a node.</summary>
/// <remarks>Created and changed only by its <see cref="OnnxGraph"/>, which keeps <see cref="Producer"/> and <see cref="Uses"/> consistent.</remarks>
public sealed class Value
{
    internal readonly UseList UseList = new();

    // Few values carry anything encoded.
    private Encoded? _encoded;

    internal Value(OnnxGraph owner, string name)
    {
        Owner = owner;
        Name = name;
    }

    /// <summary>Gets the graph that owns the value.</summary>
    public OnnxGraph Owner { get; }

    /// <summary>Gets the name, unique in its graph.</summary>
    public string Name { get; internal set; }

    /// <summary>Gets or sets the tensor type; null where unknown or not a tensor.</summary>
    public TensorType? Type { get; set; }

    /// <summary>Gets or sets the encoded <c>TypeProto</c> of a value that is not a dense tensor; null for tensors.</summary>
    public ReadOnlyMemory<byte>? OpaqueType
    {
        get => _encoded?.OpaqueType;
        set => Keep(value, ExtraFields);
    }

    /// <summary>Gets or sets the fields of the file's value description that the IR does not model, encoded.</summary>
    internal ReadOnlyMemory<byte> ExtraFields
    {
        get => _encoded?.ExtraFields ?? default;
        set => Keep(OpaqueType, value);
    }

    /// <summary>Gets the node that computes the value; null for inputs and initializers.</summary>
    public Node? Producer { get; internal set; }

    /// <summary>Gets the constant that the value holds, or is by default if it is an input too; null otherwise.</summary>
    public Tensor? Initializer { get; internal set; }

    /// <summary>Gets a value indicating whether the value is a graph input.</summary>
    public bool IsInput { get; internal set; }

    /// <summary>Gets a value indicating whether the value is a constant that no caller can replace.</summary>
    public bool IsConstant => Initializer is not null && !IsInput;

    /// <summary>Gets a value indicating whether the value is an output of its graph.</summary>
    public bool IsOutput => OutputCount > 0;

    /// <summary>Gets or sets how many times the value stands among its graph's outputs.</summary>
    internal int OutputCount { get; set; }

    /// <summary>Gets or sets a value indicating whether the value has left its graph.</summary>
    internal bool IsRemoved { get; set; }

    /// <summary>Gets the node inputs that read the value, in subgraphs too.</summary>
    public IReadOnlyList<ValueUse> Uses => UseList;

    /// <summary>Gets the shape, or null.</summary>
    public Shape? Shape => Type?.Shape;

    /// <summary>Gets the element type; <see cref="ElementType.Undefined"/> where unknown.</summary>
    public ElementType ElementType => Type?.ElementType ?? ElementType.Undefined;

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Type?.ToString() ?? "?"}";

    private void Keep(ReadOnlyMemory<byte>? opaqueType, ReadOnlyMemory<byte> extraFields) =>
        _encoded = opaqueType is null && extraFields.IsEmpty ? null : new(opaqueType, extraFields);

    private sealed record Encoded(ReadOnlyMemory<byte>? OpaqueType, ReadOnlyMemory<byte> ExtraFields);
}
