using System.Buffers.Binary;
using AutLearn.Graph.Artifacts.Official;
using AutLearn.Graph.Serialization.Schema;
using Google.FlatBuffers;
using Google.Protobuf;

namespace AutLearn.Graph.Tests.Artifacts.Official;

/// <summary>Checkpoints as other versions of the official engine write them.</summary>
internal static class OfficialBytes
{
    /// <summary>The bytes of the current version with another number in it: the tables are the same.</summary>
    public static byte[] Version(OfficialCheckpoint checkpoint, int version)
    {
        byte[] bytes = checkpoint.ToBytes();

        // The root's offset, the root's vtable, and there the place of field 0.
        int root = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        int vtable = root - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(root));
        int place = root + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(vtable + 4));
        Assert.Equal(OfficialCheckpoint.CurrentVersion, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(place)));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(place), version);
        return bytes;
    }

    /// <summary>Writes a checkpoint as the training packages before 1.16 do.</summary>
    public static void WriteFolder(OfficialCheckpoint checkpoint, string folder)
    {
        Write("paramtrain_tensors", checkpoint.Trainable);
        Write("paramfrozen_tensors", checkpoint.Frozen);
        Write("custom_properties", checkpoint.Properties.Select(p => KeyValuePair.Create(p.Key, Scalar(p.Value))));
        foreach (OfficialOptimizerGroup group in checkpoint.OptimizerGroups)
        {
            Write($"optim_{group.Name}_properties", [new("builtin.initial_learning_rate", Scalar(group.InitialLearningRate)), new("builtin.step", Scalar(group.Step))]);
            foreach (string moment in (string[])["momentum0", "momentum1"])
                Write($"optim_{group.Name}_{moment}_tensors", group.Moments.Select(m => KeyValuePair.Create(m.Key, m.Value[moment])));
        }

        void Write(string name, IEnumerable<KeyValuePair<string, Tensor>> tensors)
        {
            using FileStream file = File.Create(Path.Combine(folder, $"{name}.pbseq"));
            using var output = new CodedOutputStream(file);
            output.WriteUInt32((uint)tensors.Count());
            foreach ((string key, Tensor tensor) in tensors)
            {
                var proto = new TensorProto { Name = key, DataType = (int)tensor.ElementType };
                proto.Dims.Add(tensor.Dimensions);
                if (tensor.ElementType == ElementType.String)
                    proto.StringData.Add(ByteString.CopyFromUtf8(tensor.Strings[0]));
                else
                    proto.RawData = ByteString.CopyFrom(tensor.Bytes.Span);
                output.WriteMessage(proto);
            }
        }

        static Tensor Scalar(object value) => value switch
        {
            long number => Tensor.Scalar(number),
            float number => Tensor.Scalar(number),
            _ => Tensor.OfStrings([], [(string)value]),
        };
    }

    /// <summary>A checkpoint without optimizer state whose parameters lie in another file.</summary>
    public static (byte[] Checkpoint, byte[] Data) External(OfficialCheckpoint checkpoint)
    {
        var builder = new FlatBufferBuilder(1024);
        var data = new MemoryStream();
        int trainable = Vector([.. checkpoint.Trainable.Select(p => Parameter(p.Key, p.Value))]);
        int frozen = Vector([.. checkpoint.Frozen.Select(p => Parameter(p.Key, p.Value))]);
        builder.StartTable(4);
        builder.AddOffset(0, trainable, 0);
        builder.AddOffset(1, frozen, 0);
        builder.AddBool(3, true, false);
        int module = builder.EndTable();
        builder.StartTable(4);
        builder.AddInt(0, OfficialCheckpoint.CurrentVersion, 0);
        builder.AddOffset(1, module, 0);
        builder.Finish(builder.EndTable(), "ODTC");
        return (builder.SizedByteArray(), data.ToArray());

        int Parameter(string name, Tensor tensor)
        {
            long offset = data.Length;
            data.Write(tensor.Bytes.Span);
            builder.StartVector(sizeof(long), tensor.Dimensions.Length, sizeof(long));
            foreach (long size in tensor.Dimensions.Reverse())
                builder.PutLong(size);
            int dims = builder.EndVector().Value;
            int label = builder.CreateString(name).Value;
            builder.StartTable(7);
            builder.AddOffset(0, label, 0);
            builder.AddOffset(2, dims, 0);
            builder.AddInt(3, (int)tensor.ElementType, 0);
            builder.AddLong(6, offset, -1);
            return builder.EndTable();
        }

        int Vector(int[] tables)
        {
            builder.StartVector(sizeof(int), tables.Length, sizeof(int));
            foreach (int table in tables.Reverse())
                builder.AddOffset(table);
            return builder.EndVector().Value;
        }
    }
}
