using System.Collections.Immutable;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace AutLearn.Graph.Serialization;

/// <summary>Reads node attributes.</summary>
internal sealed class AttributeReader(
    ReadContext context,
    TensorReader tensors,
    Func<GraphProto, OnnxGraph?, (OnnxGraph Graph, GraphReader.Pending Pending)> createGraph)
{
    private const AttributeKind SeveralKinds = (AttributeKind)(-1);

    /// <summary>Reads a list of attributes.</summary>
    /// <param name="attributes">The attributes.</param>
    /// <param name="parent">The graph around subgraphs.</param>
    /// <param name="subgraphs">Receives the subgraphs, which the caller connects.</param>
    public ImmutableSortedDictionary<string, AttributeValue> Read(
        RepeatedField<AttributeProto> attributes, OnnxGraph? parent, List<(OnnxGraph Graph, GraphReader.Pending Pending)> subgraphs)
    {
        ImmutableSortedDictionary<string, AttributeValue>.Builder result = ImmutableSortedDictionary.CreateBuilder<string, AttributeValue>(StringComparer.Ordinal);
        foreach (AttributeProto proto in attributes)
        {
            string name = context.Name(proto.Name, "attribute");
            if (name.Length == 0)
                throw context.Invalid("an attribute has no name");
            if (!result.TryAdd(name, ReadOne(proto, parent, subgraphs)))
                throw context.Invalid($"attribute {ReadContext.Quote(name)} is given twice");
        }

        return result.ToImmutable();
    }

    private static AttributeKind KindOf(AttributeProto proto)
    {
        ReadOnlySpan<(bool Present, AttributeKind Kind)> fields =
        [
            (proto.HasF, AttributeKind.Float),
            (proto.HasI, AttributeKind.Int),
            (proto.HasS, AttributeKind.String),
            (proto.T is not null, AttributeKind.Tensor),
            (proto.G is not null, AttributeKind.Graph),
            (proto.Floats.Count > 0, AttributeKind.Floats),
            (proto.Ints.Count > 0, AttributeKind.Ints),
            (proto.Strings.Count > 0, AttributeKind.Strings),
            (proto.Tensors.Count > 0, AttributeKind.Tensors),
            (proto.Graphs.Count > 0, AttributeKind.Graphs),
            (proto.HasSparseTensor, AttributeKind.SparseTensor),
            (proto.SparseTensors.Count > 0, AttributeKind.SparseTensors),
            (proto.HasTp, AttributeKind.TypeProto),
            (proto.TypeProtos.Count > 0, AttributeKind.TypeProtos),
        ];
        AttributeKind found = AttributeKind.Undefined;
        foreach ((bool present, AttributeKind kind) in fields)
        {
            if (present)
                found = found == AttributeKind.Undefined ? kind : SeveralKinds;
        }

        return found;
    }

    private AttributeValue ReadOne(AttributeProto proto, OnnxGraph? parent, List<(OnnxGraph Graph, GraphReader.Pending Pending)> subgraphs)
    {
        string name = proto.Name;
        string What() => $"attribute {ReadContext.Quote(name)}";
        if (proto.Type is < 0 or > (int)AttributeKind.TypeProtos)
            throw context.Invalid($"{What()} has the kind {proto.Type}, which this version of AutLearn does not know");
        var kind = (AttributeKind)proto.Type;
        AttributeKind content = KindOf(proto);
        AttributeValue value;
        if (proto.RefAttrName.Length > 0)
        {
            if (content != AttributeKind.Undefined)
                throw context.Invalid($"{What()} refers to an attribute of the function and holds a value too");
            value = AttributeValue.OfReference(kind, context.Name(proto.RefAttrName, "attribute"));
        }
        else
        {
            if (content == SeveralKinds)
                throw context.Invalid($"{What()} holds values of more than one kind");
            if (kind == AttributeKind.Undefined)
                kind = content;
            if (kind == AttributeKind.Undefined)
                throw context.Invalid($"{What()} holds no value");
            if (content != AttributeKind.Undefined && content != kind)
                throw context.Invalid($"{What()} does not hold what its kind {(AttributeKind)proto.Type} says");
            value = ReadValue(proto, kind, What, parent, subgraphs);
        }

        // What remains after the mapped fields are gone: the documentation and fields of newer versions.
        ClearMapped(proto);
        ReadOnlyMemory<byte> extra = ExtraFields.Rest(proto);
        return extra.IsEmpty ? value : value.WithExtraFields(extra);
    }

    private AttributeValue ReadValue(
        AttributeProto proto, AttributeKind kind, Func<string> what, OnnxGraph? parent, List<(OnnxGraph Graph, GraphReader.Pending Pending)> subgraphs)
    {
        switch (kind)
        {
            case AttributeKind.Float:
                return AttributeValue.Of(proto.F);
            case AttributeKind.Int:
                return AttributeValue.Of(proto.I);
            case AttributeKind.String:
                return AttributeValue.Of(tensors.Text(proto.S, what));
            case AttributeKind.Tensor:
                return AttributeValue.Of(tensors.Read(proto.T ?? throw Missing(what, kind), proto.Name));
            case AttributeKind.Graph:
                return AttributeValue.Of(Subgraph(proto.G ?? throw Missing(what, kind), parent, subgraphs));
            case AttributeKind.Floats:
                return AttributeValue.Of([.. proto.Floats]);
            case AttributeKind.Ints:
                return AttributeValue.Of([.. proto.Ints]);
            case AttributeKind.Strings:
                return AttributeValue.Of([.. proto.Strings.Select(s => tensors.Text(s, what))]);
            case AttributeKind.Tensors:
                return AttributeValue.Of(proto.Tensors.Select(t => tensors.Read(t, proto.Name)).ToImmutableArray());
            case AttributeKind.Graphs:
                return AttributeValue.Of(proto.Graphs.Select(g => Subgraph(g, parent, subgraphs)).ToImmutableArray());
            case AttributeKind.SparseTensor:
                return Encoded(kind, proto.HasSparseTensor ? [proto.SparseTensor] : throw Missing(what, kind));
            case AttributeKind.SparseTensors:
                return Encoded(kind, proto.SparseTensors);
            case AttributeKind.TypeProto:
                return Encoded(kind, proto.HasTp ? [proto.Tp] : throw Missing(what, kind));
            default:
                return Encoded(kind, proto.TypeProtos);
        }
    }

    private static AttributeValue Encoded(AttributeKind kind, IEnumerable<ByteString> messages) =>
        AttributeValue.OfEncoded(kind, [.. messages.Select(m => m.Memory)]);

    private static void ClearMapped(AttributeProto proto)
    {
        proto.ClearName();
        proto.ClearRefAttrName();
        proto.ClearType();
        proto.ClearF();
        proto.ClearI();
        proto.ClearS();
        proto.T = null;
        proto.G = null;
        proto.Floats.Clear();
        proto.Ints.Clear();
        proto.Strings.Clear();
        proto.Tensors.Clear();
        proto.Graphs.Clear();
        proto.ClearSparseTensor();
        proto.SparseTensors.Clear();
        proto.ClearTp();
        proto.TypeProtos.Clear();
    }

    private InvalidModelException Missing(Func<string> what, AttributeKind kind) => context.Invalid($"{what()} holds no {kind}");

    private OnnxGraph Subgraph(GraphProto proto, OnnxGraph? parent, List<(OnnxGraph Graph, GraphReader.Pending Pending)> subgraphs)
    {
        (OnnxGraph Graph, GraphReader.Pending Pending) created = createGraph(proto, parent);
        subgraphs.Add(created);
        return created.Graph;
    }
}
