using System.Collections.Immutable;
using System.Text;

namespace AutLearn.Graph.Artifacts.Official;

/// <summary>Decodes checkpoints; slot numbers are those of <c>checkpoint.fbs</c>.</summary>
internal static class OfficialCheckpointReader
{
    public static OfficialCheckpoint Read(ReadOnlyMemory<byte> bytes, string name)
    {
        try
        {
            return Read(FlatTable.Root(bytes, OfficialCheckpointWriter.Identifier), new Budget(bytes.Length));
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or OverflowException or DecoderFallbackException)
        {
            throw new InvalidArtifactException($"'{name}' is no official training checkpoint that can be read: {error.Message.TrimEnd('.')}.", error) { File = name };
        }
    }

    private static OfficialCheckpoint Read(FlatTable root, Budget budget)
    {
        int version = root.Int(0, 0);
        if (version is < 1 or > OfficialCheckpoint.CurrentVersion)
            throw new InvalidDataException($"it has version {version}, and versions 1 and {OfficialCheckpoint.CurrentVersion} are known");
        FlatTable module = root.Table(1) ?? throw new InvalidDataException("it holds no parameters");
        if (module.Bool(2))
            throw new InvalidDataException("it is nominal: it holds names but no data");
        if (module.Bool(3))
            throw new InvalidDataException("its data lie in another file; save it again without external data");
        return new OfficialCheckpoint
        {
            Trainable = Tensors(module.Tables(0), budget),
            Frozen = Tensors(module.Tables(1), budget),
            OptimizerGroups = [.. root.Tables(2).Select(g => Group(g, budget))],
            Properties = Properties(root.Table(3), budget),
        };
    }

    private static OfficialOptimizerGroup Group(FlatTable group, Budget budget)
    {
        var moments = ImmutableSortedDictionary.CreateBuilder<string, ImmutableSortedDictionary<string, Tensor>>(StringComparer.Ordinal);
        foreach (FlatTable state in group.Tables(3))
            moments.Add(Name(state, budget), Tensors(state.Tables(1), budget));
        return new(Name(group, budget), group.Long(1, 0), group.Float(2), moments.ToImmutable());
    }

    private static ImmutableSortedDictionary<string, Tensor> Tensors(IEnumerable<FlatTable> tables, Budget budget)
    {
        var tensors = ImmutableSortedDictionary.CreateBuilder<string, Tensor>(StringComparer.Ordinal);
        foreach (FlatTable table in tables)
        {
            string name = Name(table, budget);
            if (table.Long(6, -1) >= 0)
                throw new InvalidDataException($"the data of '{name}' lie in another file");
            ReadOnlyMemory<byte> data = table.Bytes(4);
            budget.Spend(data.Length);
            long[] dims = table.Longs(2);
            budget.Spend(dims.Length * sizeof(long));
            if (tensors.ContainsKey(name))
                throw new InvalidDataException($"'{name}' occurs twice");
            tensors.Add(name, new Tensor((ElementType)table.Int(3, 0), dims, data));
        }

        return tensors.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, object> Properties(FlatTable? bag, Budget budget)
    {
        var properties = ImmutableSortedDictionary.CreateBuilder<string, object>(StringComparer.Ordinal);
        if (bag is not { } table)
            return properties.ToImmutable();
        foreach (FlatTable property in table.Tables(0))
            properties.Add(Name(property, budget), property.Long(1, 0));
        foreach (FlatTable property in table.Tables(1))
            properties.Add(Name(property, budget), property.Float(1));
        foreach (FlatTable property in table.Tables(2))
            properties.Add(Name(property, budget), property.String(1));
        return properties.ToImmutable();
    }

    private static string Name(FlatTable table, Budget budget)
    {
        budget.Spend(table.Bytes(0).Length + 16);
        return table.String(0);
    }

    /// <summary>Bounds what overlapping offsets of a hostile file can make the reader produce.</summary>
    private sealed class Budget(long fileLength)
    {
        private long _left = (4 * fileLength) + 4096;

        public void Spend(long bytes)
        {
            _left -= bytes;
            if (_left < 0)
                throw new InvalidDataException("its tables overlap");
        }
    }
}
