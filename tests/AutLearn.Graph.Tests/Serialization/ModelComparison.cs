using System.Collections.Immutable;

namespace AutLearn.Graph.Tests.Serialization;

/// <summary>Compares models part by part, independently of how they are written.</summary>
internal static class ModelComparison
{
    public static void AssertEqual(OnnxModel expected, OnnxModel actual)
    {
        Assert.Equal(expected.IrVersion, actual.IrVersion);
        Assert.Equal(expected.OpsetImports, actual.OpsetImports);
        Assert.Equal(expected.Metadata, actual.Metadata);
        Assert.Equal((expected.ProducerName, expected.ProducerVersion, expected.Domain), (actual.ProducerName, actual.ProducerVersion, actual.Domain));
        Assert.Equal((expected.ModelVersion, expected.DocString), (actual.ModelVersion, actual.DocString));
        AssertBytes(expected.ExtraFields, actual.ExtraFields);
        Assert.Equal(expected.Functions.Length, actual.Functions.Length);
        foreach ((OnnxFunction e, OnnxFunction a) in expected.Functions.Zip(actual.Functions))
        {
            Assert.Equal((e.Domain, e.Name, e.Overload, e.DocString), (a.Domain, a.Name, a.Overload, a.DocString));
            Assert.Equal(e.OpsetImports, a.OpsetImports);
            Assert.Equal(e.Attributes.AsEnumerable(), a.Attributes.AsEnumerable());
            AssertAttributes(e.AttributeDefaults, a.AttributeDefaults);
            AssertBytes(e.ExtraFields, a.ExtraFields);
            AssertEqual(e.Body, a.Body);
        }

        AssertEqual(expected.Graph, actual.Graph);
    }

    public static void AssertEqual(OnnxGraph expected, OnnxGraph actual)
    {
        Assert.Equal((expected.Name, expected.DocString), (actual.Name, actual.DocString));
        AssertBytes(expected.ExtraFields, actual.ExtraFields);
        AssertValues(expected.Inputs, actual.Inputs);
        AssertValues(expected.Outputs, actual.Outputs);
        AssertValues(expected.Initializers, actual.Initializers);
        Assert.Equal(expected.Nodes.Count, actual.Nodes.Count);
        foreach ((Node e, Node a) in expected.Nodes.Zip(actual.Nodes))
        {
            Assert.Equal((e.Domain, e.OpType, e.Name, e.Overload, e.DocString), (a.Domain, a.OpType, a.Name, a.Overload, a.DocString));
            AssertBytes(e.ExtraFields, a.ExtraFields);
            Assert.Equal(e.Inputs.Select(i => (i?.Name, i?.Owner.Name)), a.Inputs.Select(i => (i?.Name, i?.Owner.Name)));
            AssertValues(e.Outputs, a.Outputs);
            AssertAttributes(e.Attributes, a.Attributes);
        }
    }

    private static void AssertValues(IReadOnlyList<Value?> expected, IReadOnlyList<Value?> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach ((Value? e, Value? a) in expected.Zip(actual))
        {
            Assert.Equal(e?.Name, a?.Name);
            if (e is null || a is null)
                continue;
            Assert.Equal(e.Type, a.Type);
            Assert.Equal((e.IsInput, e.IsOutput, e.Producer?.OpType), (a.IsInput, a.IsOutput, a.Producer?.OpType));
            Assert.Equal(e.OpaqueType is null, a.OpaqueType is null);
            AssertBytes(e.OpaqueType ?? default, a.OpaqueType ?? default);
            AssertBytes(e.ExtraFields, a.ExtraFields);
            Assert.Equal(e.Initializer is null, a.Initializer is null);
            if (e.Initializer is not null)
                AssertTensor(e.Initializer, a.Initializer!);
        }
    }

    private static void AssertAttributes(ImmutableSortedDictionary<string, AttributeValue> expected, ImmutableSortedDictionary<string, AttributeValue> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach ((string name, AttributeValue e) in expected)
        {
            AttributeValue a = actual[name];
            Assert.Equal((e.Kind, e.Reference), (a.Kind, a.Reference));
            AssertBytes(e.ExtraFields, a.ExtraFields);
            if (e.Reference is not null)
                continue;
            switch (e.Kind)
            {
                case AttributeKind.Graph:
                    AssertEqual(e.Graph, a.Graph);
                    break;
                case AttributeKind.Graphs:
                    foreach ((OnnxGraph ge, OnnxGraph ga) in e.Graphs.Zip(a.Graphs))
                        AssertEqual(ge, ga);
                    break;
                case AttributeKind.Tensor:
                    AssertTensor(e.Tensor, a.Tensor);
                    break;
                default:
                    Assert.True(e.ContentEquals(a), $"{name}: {e} != {a}");
                    break;
            }
        }
    }

    private static void AssertTensor(Tensor expected, Tensor actual)
    {
        Assert.True(expected.ContentEquals(actual), $"{expected} != {actual}");
        AssertBytes(expected.ExtraFields, actual.ExtraFields);
    }

    private static void AssertBytes(ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> actual) =>
        Assert.True(expected.Span.SequenceEqual(actual.Span), $"{Convert.ToHexString(expected.Span)} != {Convert.ToHexString(actual.Span)}");
}
