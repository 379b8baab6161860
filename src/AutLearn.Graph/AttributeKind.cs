namespace AutLearn.Graph;

/// <summary>The kinds of ONNX attributes. The numbers are those of <c>AttributeProto.AttributeType</c>.</summary>
public enum AttributeKind
{
    /// <summary>No kind is known: the value refers to an attribute of the enclosing function.</summary>
    Undefined = 0,

    /// <summary>One float.</summary>
    Float = 1,

    /// <summary>One integer.</summary>
    Int = 2,

    /// <summary>One string.</summary>
    String = 3,

    /// <summary>A tensor.</summary>
    Tensor = 4,

    /// <summary>A subgraph.</summary>
    Graph = 5,

    /// <summary>Floats.</summary>
    Floats = 6,

    /// <summary>Integers.</summary>
    Ints = 7,

    /// <summary>Strings.</summary>
    Strings = 8,

    /// <summary>Tensors.</summary>
    Tensors = 9,

    /// <summary>Subgraphs.</summary>
    Graphs = 10,

    /// <summary>A sparse tensor, kept as its encoded bytes.</summary>
    SparseTensor = 11,

    /// <summary>Sparse tensors, kept as their encoded bytes.</summary>
    SparseTensors = 12,

    /// <summary>A type, kept as its encoded bytes.</summary>
    TypeProto = 13,

    /// <summary>Types, kept as their encoded bytes.</summary>
    TypeProtos = 14,
}
