using System.Collections.Immutable;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace AutLearn.Graph.Serialization;

/// <summary>Builds a model from the bytes of a file.</summary>
internal sealed class ModelReader
{
    private readonly ReadContext _context;
    private readonly GraphReader _graphs;

    private ModelReader(ReadContext context, ExternalDataSource external)
    {
        _context = context;
        _graphs = new GraphReader(context, external);
    }

    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidModelException">The bytes are no model that AutLearn can hold.</exception>
    public static OnnxModel Read(ReadOnlySpan<byte> bytes, string name, string? externalDataFolder, string? linksWithin = null)
    {
        var context = new ReadContext(name);
        if (IsOrtFormat(bytes))
            throw context.Invalid("the file is in ORT format, which ONNX Runtime alone reads. Give the .onnx file that it was converted from");
        WireScan.Check(bytes, context);
        ModelProto proto;
        try
        {
            proto = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw context.Invalid("the file is truncated, damaged or no ONNX", e);
        }

        return new ModelReader(context, new ExternalDataSource(externalDataFolder, linksWithin)).Read(proto);
    }

    /// <summary>Gives the default domain its one name: the empty string.</summary>
    public static string NormalizeDomain(string domain) => domain == "ai.onnx" ? "" : domain;

    // A FlatBuffer: the offset of its root (below 65,536), then its identifier. No ONNX file has a 0 there.
    private static bool IsOrtFormat(ReadOnlySpan<byte> bytes) => bytes.Length >= 8 && bytes[2] == 0 && bytes[3] == 0 && bytes.Slice(4, 4).SequenceEqual("ORTM"u8);

    private OnnxModel Read(ModelProto proto)
    {
        if (proto.Graph is null)
            throw _context.Invalid("the file holds no graph; it is truncated or no ONNX model");
        if (proto.IrVersion is < OnnxVersions.OldestIrVersion or > OnnxVersions.NewestIrVersion)
        {
            throw _context.Invalid(
                $"the file has format version {proto.IrVersion}; versions {OnnxVersions.OldestIrVersion} to {OnnxVersions.NewestIrVersion} can be read. Convert or export the model again");
        }

        ImmutableSortedDictionary<string, long> opsets = ReadOpsets(proto.OpsetImport, "the model");
        var metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (StringStringEntryProto entry in proto.MetadataProps)
        {
            if (!metadata.TryAdd(entry.Key, entry.Value))
                throw _context.Invalid($"the metadata holds the key {ReadContext.Quote(entry.Key)} twice");
        }

        OnnxGraph graph = _graphs.ReadMain(proto.Graph);
        ImmutableArray<OnnxFunction> functions = [.. proto.Functions.Select(ReadFunction)];
        var names = new HashSet<(string Domain, string Name, string Overload)>();
        foreach (OnnxFunction function in functions)
        {
            if (!names.Add((function.Domain, function.Name, function.Overload)))
                throw _context.Invalid($"function {ReadContext.Quote(function.Name)} of domain {ReadContext.Quote(function.Domain)} is defined twice");
        }

        var model = new OnnxModel(graph, 0)
        {
            IrVersion = proto.IrVersion,
            OpsetImports = opsets,
            Functions = functions,
            Metadata = metadata.ToImmutable(),
            ProducerName = proto.ProducerName,
            ProducerVersion = proto.ProducerVersion,
            Domain = proto.Domain,
            ModelVersion = proto.ModelVersion,
            DocString = proto.HasDocString ? proto.DocString : null,
        };
        proto.ClearIrVersion();
        proto.ClearProducerName();
        proto.ClearProducerVersion();
        proto.ClearDomain();
        proto.ClearModelVersion();
        proto.ClearDocString();
        proto.Graph = null;
        proto.OpsetImport.Clear();
        proto.MetadataProps.Clear();
        proto.Functions.Clear();
        model.ExtraFields = ExtraFields.Rest(proto);
        return model;
    }

    private OnnxFunction ReadFunction(FunctionProto proto)
    {
        string name = _context.Name(proto.Name, "function");
        if (name.Length == 0)
            throw _context.Invalid("a function has no name");
        var attributes = new HashSet<string>(StringComparer.Ordinal);
        foreach (string attribute in proto.Attribute)
        {
            if (!attributes.Add(_context.Name(attribute, "attribute")))
                throw _context.Invalid($"function {ReadContext.Quote(name)} declares the attribute {ReadContext.Quote(attribute)} twice");
        }

        var function = new OnnxFunction(
            NormalizeDomain(_context.Name(proto.Domain, "domain")),
            name,
            _context.Name(proto.Overload, "overload"),
            ReadOpsets(proto.OpsetImport, $"function {ReadContext.Quote(name)}"),
            [.. proto.Attribute],
            _graphs.ReadDefaults(proto.AttributeProto),
            _graphs.ReadBody(proto),
            proto.HasDocString ? proto.DocString : null);
        proto.ClearName();
        proto.ClearDomain();
        proto.ClearOverload();
        proto.ClearDocString();
        proto.OpsetImport.Clear();
        proto.Attribute.Clear();
        proto.AttributeProto.Clear();
        return function with { ExtraFields = ExtraFields.Rest(proto) };
    }

    private ImmutableSortedDictionary<string, long> ReadOpsets(RepeatedField<OperatorSetIdProto> imports, string what)
    {
        var opsets = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        var written = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (OperatorSetIdProto import in imports)
        {
            string domain = NormalizeDomain(_context.Name(import.Domain, "domain"));
            if (!written.TryAdd(import.Domain, import.Version) && written[import.Domain] != import.Version)
                throw _context.Invalid($"{what} imports the operator domain {ReadContext.Quote(domain)} twice, at the versions {written[import.Domain]} and {import.Version}. Keep the one that its nodes were written for");

            // Where the default domain is imported under both its names, ONNX Runtime takes the last.
            opsets[domain] = import.Version;
            if (domain.Length == 0 && import.Version is not (>= OnnxVersions.OldestOpset and <= OnnxVersions.NewestOpset))
            {
                throw _context.Invalid(
                    $"{what} uses version {import.Version} of the ONNX operators; versions {OnnxVersions.OldestOpset} to {OnnxVersions.NewestOpset} can be read. Convert or export the model again");
            }
        }

        return opsets.ToImmutable();
    }
}
