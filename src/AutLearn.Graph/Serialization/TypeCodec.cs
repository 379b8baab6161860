using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;

namespace AutLearn.Graph.Serialization;

/// <summary>Translates the types of values.</summary>
internal static class TypeCodec
{
    /// <summary>Reads a value description into a value; what is not mapped stays with the value.</summary>
    /// <returns>The declared tensor type, or null.</returns>
    public static TensorType? Read(ValueInfoProto info, Value value, ReadContext context)
    {
        TensorType? type = null;
        if (info.Type is { } proto)
        {
            int kinds = (proto.TensorType is null ? 0 : 1) + (proto.HasSequenceType ? 1 : 0) + (proto.HasMapType ? 1 : 0)
                + (proto.HasOpaqueType ? 1 : 0) + (proto.HasSparseTensorType ? 1 : 0) + (proto.HasOptionalType ? 1 : 0);
            if (kinds > 1)
                throw context.Invalid($"value {ReadContext.Quote(value.Name)} has more than one type");
            if (proto.TensorType is { } tensor)
            {
                type = context.Shared(ReadTensor(tensor, value.Name, context));
                if (tensor.CalculateSize() == 0)
                    proto.TensorType = null;
            }
            else if (kinds == 1)
            {
                value.OpaqueType = proto.ToByteArray();
                info.Type = null;
            }

            if (proto.CalculateSize() == 0)
                info.Type = null;
        }

        info.ClearName();
        value.ExtraFields = ExtraFields.Rest(info);
        return type;
    }

    /// <summary>Describes a value.</summary>
    public static ValueInfoProto Write(Value value)
    {
        ValueInfoProto info = ExtraFields.Restore<ValueInfoProto>(value.ExtraFields);
        info.Name = value.Name;
        if (value.OpaqueType is { } opaque)
        {
            info.Type = TypeProto.Parser.ParseFrom(opaque.Span);
        }
        else if (value.Type is { } type)
        {
            info.Type ??= new TypeProto();
            WriteTensor(type, info.Type);
        }
        else if (info.Type is { } rest)
        {
            rest.TensorType = null;
            if (rest.CalculateSize() == 0)
                info.Type = null;
        }

        return info;
    }

    /// <summary>Checks sizes and returns the number of elements.</summary>
    public static long CountOf(IReadOnlyList<long> sizes, Func<string> what, ReadContext context)
    {
        if (sizes.Count > Shape.LargestRank)
            throw context.Invalid($"{what()} has {sizes.Count} axes, more than {Shape.LargestRank}");

        // A zero anywhere makes the count 0, but the others must not overflow later arithmetic either.
        Int128 product = 1;
        bool isEmpty = false;
        foreach (long size in sizes)
        {
            if (size < 0)
                throw context.Invalid($"{what()} has the negative size {size}");
            isEmpty |= size == 0;
            product *= Math.Max(size, 1);
            if (product > Shape.LargestCount)
                throw context.Invalid($"{what()} has more elements than any machine can hold");
        }

        return isEmpty ? 0 : (long)product;
    }

    /// <summary>Checks the number of an element type.</summary>
    public static ElementType ReadElementType(int number, Func<string> what, ReadContext context)
    {
        if (number is < 0 or > (int)ElementType.Int2)
            throw context.Invalid($"{what()} has the element type {number}, which this version of AutLearn does not know");
        return (ElementType)number;
    }

    private static TensorType ReadTensor(TensorTypeProto tensor, string name, ReadContext context)
    {
        string What() => $"the type of value {ReadContext.Quote(name)}";
        ElementType element = ReadElementType(tensor.ElemType, What, context);
        tensor.ClearElemType();
        if (tensor.Shape is not { } shape)
            return new(element, null);
        if (shape.Dim.Count > Shape.LargestRank)
            throw context.Invalid($"{What()} has {shape.Dim.Count} axes, more than {Shape.LargestRank}");
        var dimensions = new Dimension[shape.Dim.Count];
        var sizes = new List<long>();
        for (int i = 0; i < dimensions.Length; i++)
        {
            DimensionProto dimension = shape.Dim[i];
            if (dimension.HasDimValue && dimension.HasDimParam)
                throw context.Invalid($"{What()} gives dimension {i} a size and a symbol");

            // Some exporters write -1 for a size that is not known.
            if (dimension.HasDimValue && dimension.DimValue != -1)
            {
                if (dimension.DimValue is < 0 or long.MaxValue)
                    throw context.Invalid($"{What()} gives dimension {i} the size {dimension.DimValue}");
                sizes.Add(dimension.DimValue);
                dimensions[i] = dimension.DimValue;
            }
            else if (dimension.DimParam.Length > 0)
            {
                dimensions[i] = context.Name(dimension.DimParam, "dimension");
            }

            dimension.ClearDimValue();
            dimension.ClearDimParam();
        }

        CountOf(sizes, What, context);

        // Denotations of single dimensions stay behind, in place.
        if (shape.Dim.All(d => d.CalculateSize() == 0))
            shape.Dim.Clear();
        if (shape.CalculateSize() == 0)
            tensor.Shape = null;
        return new(element, new Shape(dimensions));
    }

    private static void WriteTensor(TensorType type, TypeProto proto)
    {
        proto.TensorType ??= new TensorTypeProto();
        proto.TensorType.ElemType = (int)type.ElementType;
        if (type.Shape is not { } shape)
        {
            proto.TensorType.Shape = null;
            return;
        }

        TensorShapeProto dims = proto.TensorType.Shape ??= new TensorShapeProto();
        if (dims.Dim.Count != shape.Rank)
        {
            dims.Dim.Clear();
            for (int i = 0; i < shape.Rank; i++)
                dims.Dim.Add(new DimensionProto());
        }

        for (int i = 0; i < shape.Rank; i++)
        {
            if (shape[i].IsKnown)
                dims.Dim[i].DimValue = shape[i].Size;
            else if (shape[i].Symbol is { } symbol)
                dims.Dim[i].DimParam = symbol;
        }
    }
}
