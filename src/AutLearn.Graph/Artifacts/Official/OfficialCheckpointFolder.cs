using System.Collections.Immutable;
using AutLearn.Graph.Serialization;
using AutLearn.Graph.Serialization.Schema;
using Google.Protobuf;

namespace AutLearn.Graph.Artifacts.Official;

/// <summary>Reads the checkpoints of training packages before 1.16: folders of protobuf messages in sequence.</summary>
/// <remarks>A file holds the number of its messages and each message behind its length, all as varints; each message is a <c>TensorProto</c>.</remarks>
internal static class OfficialCheckpointFolder
{
    private const string TrainableFile = "paramtrain_tensors.pbseq";
    private const string FrozenFile = "paramfrozen_tensors.pbseq";
    private const string GroupFile = "optim_group0_properties.pbseq";
    private const string PropertiesFile = "custom_properties.pbseq";
    private const string Group = "group0";

    private static readonly string[] Moments = ["momentum0", "momentum1"];

    /// <summary>Reads a folder.</summary>
    /// <exception cref="InvalidArtifactException">A file is missing or damaged; the message names it.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static OfficialCheckpoint Read(string folder)
    {
        string trainablePath = Path.Combine(folder, TrainableFile);
        if (!File.Exists(trainablePath))
            throw new InvalidArtifactException($"The folder '{folder}' is no official training checkpoint: it holds no '{TrainableFile}'. Give the checkpoint file, or the folder that the official tool before 1.16 wrote.") { File = folder };
        ImmutableSortedDictionary<string, Tensor> trainable = Tensors(trainablePath), frozen = Tensors(Path.Combine(folder, FrozenFile));
        if (trainable.Keys.FirstOrDefault(frozen.ContainsKey) is { } both)
            throw Damaged(folder, $"'{both}' is both trainable and frozen");
        return new OfficialCheckpoint
        {
            Trainable = trainable,
            Frozen = frozen,
            OptimizerGroups = File.Exists(Path.Combine(folder, GroupFile)) ? [GroupOf(folder)] : [],
            Properties = Tensors(Path.Combine(folder, PropertiesFile)).ToImmutableSortedDictionary(p => p.Key, p => Property(folder, p.Key, p.Value), StringComparer.Ordinal),
        };
    }

    private static OfficialOptimizerGroup GroupOf(string folder)
    {
        ImmutableSortedDictionary<string, Tensor> settings = Tensors(Path.Combine(folder, GroupFile));
        long step = settings.TryGetValue("builtin.step", out Tensor? steps) && Property(folder, "builtin.step", steps) is long count ? count : 0;
        float rate = settings.TryGetValue("builtin.initial_learning_rate", out Tensor? rates) && Property(folder, "builtin.initial_learning_rate", rates) is float number ? number : 0;
        var states = ImmutableSortedDictionary.Create<string, ImmutableSortedDictionary<string, Tensor>>(StringComparer.Ordinal);
        foreach (string moment in Moments)
        {
            foreach ((string parameter, Tensor tensor) in Tensors(Path.Combine(folder, $"optim_{Group}_{moment}_tensors.pbseq")))
                states = states.SetItem(parameter, states.GetValueOrDefault(parameter, ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal)).Add(moment, tensor));
        }

        return new(Group, step, rate, states);
    }

    private static object Property(string folder, string name, Tensor value) => value switch
    {
        { Count: 1, ElementType: ElementType.Int64 } => value.Span<long>()[0],
        { Count: 1, ElementType: ElementType.Float32 } => value.Span<float>()[0],
        { Count: 1, ElementType: ElementType.String } => value.Strings[0],
        _ => throw Damaged(folder, $"the property '{name}' is {value}, where one Int64, Float32 or String can be"),
    };

    // Empty where there is no such file.
    private static ImmutableSortedDictionary<string, Tensor> Tensors(string path)
    {
        var tensors = ImmutableSortedDictionary.CreateBuilder<string, Tensor>(StringComparer.Ordinal);
        if (!File.Exists(path))
            return tensors.ToImmutable();
        byte[] bytes = RegularFile.ReadAllBytes(path);
        var context = new ReadContext(path);
        var reader = new TensorReader(context, new ExternalDataSource(null));
        try
        {
            int at = 0;
            for (uint left = Varint(bytes, ref at); left > 0; left--)
            {
                uint length = Varint(bytes, ref at);
                if (length > bytes.Length - at)
                    throw new InvalidDataException("it is cut short");
                ReadOnlySpan<byte> message = bytes.AsSpan(at, (int)length);
                WireScan.CheckTensor(message, context);
                TensorProto proto = TensorProto.Parser.ParseFrom(message);
                string name = context.Name(proto.Name, "tensor");
                proto.ClearName();
                if (name.Length == 0 || !tensors.TryAdd(name, reader.Read(proto, name)))
                    throw new InvalidDataException(name.Length == 0 ? "a tensor has no name" : $"'{name}' occurs twice");
                at += (int)length;
            }

            return at == bytes.Length ? tensors.ToImmutable() : throw new InvalidDataException("it goes on behind its end");
        }
        catch (Exception error) when (error is InvalidDataException or InvalidModelException or InvalidProtocolBufferException)
        {
            throw Damaged(path, error.Message.TrimEnd('.'), error);
        }
    }

    private static uint Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 35 && at < bytes.Length; shift += 7)
        {
            byte part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value <= uint.MaxValue ? (uint)value : throw new InvalidDataException("a length is too large");
        }

        throw new InvalidDataException("it is cut short");
    }

    private static InvalidArtifactException Damaged(string path, string what, Exception? cause = null) =>
        new($"'{path}' is no part of an official training checkpoint that can be read: {what}.", cause) { File = path };
}
