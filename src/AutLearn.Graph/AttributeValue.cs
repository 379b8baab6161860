using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace AutLearn.Graph;

/// <summary>The immutable value of one node attribute.</summary>
/// <remarks>A subgraph inside is as mutable as any graph; everything else cannot change.</remarks>
public sealed class AttributeValue
{
    private readonly object _value;

    private AttributeValue(AttributeKind kind, object value, string? reference = null)
    {
        Kind = kind;
        _value = value;
        Reference = reference;
    }

    /// <summary>Gets the kind.</summary>
    public AttributeKind Kind { get; }

    /// <summary>Gets the name of the enclosing function's attribute that this one takes its value from, or null.</summary>
    public string? Reference { get; }

    /// <summary>Gets the fields of the file's attribute that the IR does not model, encoded.</summary>
    internal ReadOnlyMemory<byte> ExtraFields { get; private init; }

    /// <summary>Gets the float.</summary>
    public float Float => Get<float>(AttributeKind.Float);

    /// <summary>Gets the integer.</summary>
    public long Int => Get<long>(AttributeKind.Int);

    /// <summary>Gets the string.</summary>
    public string String => Get<string>(AttributeKind.String);

    /// <summary>Gets the tensor.</summary>
    public Tensor Tensor => Get<Tensor>(AttributeKind.Tensor);

    /// <summary>Gets the subgraph.</summary>
    public OnnxGraph Graph => Get<OnnxGraph>(AttributeKind.Graph);

    /// <summary>Gets the floats.</summary>
    public ImmutableArray<float> Floats => Get<ImmutableArray<float>>(AttributeKind.Floats);

    /// <summary>Gets the integers.</summary>
    public ImmutableArray<long> Ints => Get<ImmutableArray<long>>(AttributeKind.Ints);

    /// <summary>Gets the strings.</summary>
    public ImmutableArray<string> Strings => Get<ImmutableArray<string>>(AttributeKind.Strings);

    /// <summary>Gets the tensors.</summary>
    public ImmutableArray<Tensor> Tensors => Get<ImmutableArray<Tensor>>(AttributeKind.Tensors);

    /// <summary>Gets the subgraphs.</summary>
    public ImmutableArray<OnnxGraph> Graphs => Get<ImmutableArray<OnnxGraph>>(AttributeKind.Graphs);

    /// <summary>Gets the encoded message of a sparse tensor or a type.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Encoded =>
        _value is ImmutableArray<ReadOnlyMemory<byte>> encoded ? encoded : throw Mismatch("encoded messages");

    /// <summary>Creates a float attribute.</summary>
    public static AttributeValue Of(float value) => new(AttributeKind.Float, value);

    /// <summary>Creates an integer attribute.</summary>
    public static AttributeValue Of(long value) => new(AttributeKind.Int, value);

    /// <summary>Creates a string attribute.</summary>
    public static AttributeValue Of(string value) => new(AttributeKind.String, value);

    /// <summary>Creates a tensor attribute.</summary>
    public static AttributeValue Of(Tensor value) => new(AttributeKind.Tensor, value);

    /// <summary>Creates a subgraph attribute.</summary>
    public static AttributeValue Of(OnnxGraph value) => new(AttributeKind.Graph, value);

    /// <summary>Creates a float-list attribute.</summary>
    public static AttributeValue Of(params ReadOnlySpan<float> values) => new(AttributeKind.Floats, values.ToImmutableArray());

    /// <summary>Creates an integer-list attribute.</summary>
    public static AttributeValue Of(params ReadOnlySpan<long> values) => new(AttributeKind.Ints, values.ToImmutableArray());

    /// <summary>Creates a string-list attribute.</summary>
    public static AttributeValue Of(params ReadOnlySpan<string> values) => new(AttributeKind.Strings, values.ToImmutableArray());

    /// <summary>Creates a tensor-list attribute.</summary>
    public static AttributeValue Of(ImmutableArray<Tensor> values) => new(AttributeKind.Tensors, values);

    /// <summary>Creates a subgraph-list attribute.</summary>
    public static AttributeValue Of(ImmutableArray<OnnxGraph> values) => new(AttributeKind.Graphs, values);

    /// <summary>Creates an attribute of a kind that is kept as encoded messages.</summary>
    public static AttributeValue OfEncoded(AttributeKind kind, ImmutableArray<ReadOnlyMemory<byte>> messages) => new(kind, messages);

    /// <summary>Creates a reference to an attribute of the enclosing function.</summary>
    public static AttributeValue OfReference(AttributeKind kind, string functionAttribute) => new(kind, functionAttribute, functionAttribute);

    /// <summary>Returns the same value that carries fields of the file which the IR does not model.</summary>
    internal AttributeValue WithExtraFields(ReadOnlyMemory<byte> encoded) => new(Kind, _value, Reference) { ExtraFields = encoded };

    /// <summary>Tells whether kind and content are the same. Subgraphs are equal only if they are the same object.</summary>
    public bool ContentEquals(AttributeValue other)
    {
        if (Kind != other.Kind || Reference != other.Reference)
            return false;
        if (Reference is not null)
            return true;
        return Kind switch
        {
            AttributeKind.Float => BitConverter.SingleToInt32Bits(Float) == BitConverter.SingleToInt32Bits(other.Float),
            AttributeKind.Tensor => Tensor.ContentEquals(other.Tensor),
            AttributeKind.Floats => MemoryMarshal.AsBytes(Floats.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(other.Floats.AsSpan())),
            AttributeKind.Ints => Ints.SequenceEqual(other.Ints),
            AttributeKind.Strings => Strings.SequenceEqual(other.Strings),
            AttributeKind.Tensors => Tensors.Length == other.Tensors.Length && Tensors.Zip(other.Tensors).All(p => p.First.ContentEquals(p.Second)),
            AttributeKind.Graphs => Graphs.SequenceEqual(other.Graphs),
            AttributeKind.SparseTensor or AttributeKind.SparseTensors or AttributeKind.TypeProto or AttributeKind.TypeProtos =>
                Encoded.Length == other.Encoded.Length && Encoded.Zip(other.Encoded).All(p => p.First.Span.SequenceEqual(p.Second.Span)),
            _ => _value.Equals(other._value),
        };
    }

    /// <summary>Gets a hash of kind and content: equal for attributes of equal content.</summary>
    public int ContentHash()
    {
        var hash = default(HashCode);
        hash.Add(Kind);
        hash.Add(Reference, StringComparer.Ordinal);
        if (Reference is not null)
            return hash.ToHashCode();
        switch (Kind)
        {
            case AttributeKind.Float:
                hash.Add(BitConverter.SingleToInt32Bits(Float));
                break;
            case AttributeKind.Tensor:
                hash.Add(Tensor.ContentHash());
                break;
            case AttributeKind.Floats:
                hash.AddBytes(MemoryMarshal.AsBytes(Floats.AsSpan()));
                break;
            case AttributeKind.Ints:
                hash.AddBytes(MemoryMarshal.AsBytes(Ints.AsSpan()));
                break;
            case AttributeKind.Strings:
                foreach (string text in Strings)
                    hash.Add(text, StringComparer.Ordinal);
                break;
            case AttributeKind.Tensors or AttributeKind.Graphs:
                hash.Add(Kind == AttributeKind.Tensors ? Tensors.Length : Graphs.Length);
                break;
            case AttributeKind.SparseTensor or AttributeKind.SparseTensors or AttributeKind.TypeProto or AttributeKind.TypeProtos:
                foreach (ReadOnlyMemory<byte> message in Encoded)
                    hash.AddBytes(message.Span);
                break;
            default:
                hash.Add(_value);
                break;
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        _ when Reference is not null => $"@{Reference}",
        AttributeKind.Floats => $"[{string.Join(",", Floats)}]",
        AttributeKind.Ints => $"[{string.Join(",", Ints)}]",
        AttributeKind.Strings => $"[{string.Join(",", Strings)}]",
        _ => _value.ToString() ?? "",
    };

    private T Get<T>(AttributeKind kind) =>
        Kind == kind && _value is T value && Reference is null ? value : throw Mismatch(kind.ToString());

    private InvalidOperationException Mismatch(string wanted) =>
        new(Reference is null ? $"The attribute holds {Kind}, not {wanted}." : $"The attribute refers to '@{Reference}'; inline the function first.");
}
