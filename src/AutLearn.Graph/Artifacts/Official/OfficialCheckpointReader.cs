using System.Collections.Immutable;
using System.Text;

namespace AutLearn.Graph.Artifacts.Official;

/// <summary>Decodes checkpoints; slot numbers are those of <c>checkpoint.fbs</c>.</summary>
internal static class OfficialCheckpointReader
{
    private static readonly ImmutableSortedDictionary<string, Tensor> None = ImmutableSortedDictionary.Create<string, Tensor>(StringComparer.Ordinal);

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <param name="externalData">The file that holds data which do not lie in the checkpoint; null where there can be none.</param>
    public static OfficialCheckpoint Read(ReadOnlyMemory<byte> bytes, string name, string? externalData)
    {
        try
        {
            return Read(FlatTable.Root(bytes, OfficialCheckpointWriter.Identifier), bytes.Length, externalData);
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or OverflowException or DecoderFallbackException)
        {
            throw new InvalidArtifactException($"'{name}' is no official training checkpoint that can be read: {error.Message.TrimEnd('.')}.", error) { File = name };
        }
    }

    private static OfficialCheckpoint Read(FlatTable root, long length, string? externalData)
    {
        int version = root.Int(0, 0);
        if (version is < 1 or > OfficialCheckpoint.CurrentVersion)
            throw new InvalidDataException($"it has version {version}, and versions 1 and {OfficialCheckpoint.CurrentVersion} are known");
        if (root.Table(1) is not { } module)
            throw new InvalidDataException("it holds no parameters");
        using OfficialExternalData? external = !module.Bool(3) ? null
            : OfficialExternalData.Open(externalData ?? throw new InvalidDataException("its data lie in another file; read it by its path"));
        var budget = new Budget(length + (external?.Length ?? 0));
        bool isNominal = module.Bool(2);
        ImmutableSortedDictionary<string, Tensor> trainable = Parameters(0), frozen = Parameters(1);
        if (trainable.Keys.FirstOrDefault(frozen.ContainsKey) is { } both)
            throw new InvalidDataException($"'{both}' is both trainable and frozen");
        return new OfficialCheckpoint
        {
            IsNominal = isNominal,
            Trainable = trainable,
            Frozen = frozen,
            OptimizerGroups = [.. root.Tables(2).Select(g => Group(g, budget))],
            Properties = Properties(root.Table(3), budget),
        };

        ImmutableSortedDictionary<string, Tensor> Parameters(int slot) =>
            isNominal ? Names(module.Tables(slot), budget) : Tensors(module.Tables(slot), budget, external);
    }

    private static ImmutableSortedDictionary<string, Tensor> Names(IEnumerable<FlatTable> tables, Budget budget)
    {
        ImmutableSortedDictionary<string, Tensor>.Builder names = None.ToBuilder();
        foreach (FlatTable table in tables)
            names.Add(Name(table, budget), Tensor.Of<float>([0], []));
        return names.ToImmutable();
    }

    private static OfficialOptimizerGroup Group(FlatTable group, Budget budget)
    {
        var moments = ImmutableSortedDictionary.CreateBuilder<string, ImmutableSortedDictionary<string, Tensor>>(StringComparer.Ordinal);
        foreach (FlatTable state in group.Tables(3))
            moments.Add(Name(state, budget), Tensors(state.Tables(1), budget, external: null));
        return new(Name(group, budget), group.Long(1, 0), group.Float(2), moments.ToImmutable());
    }

    private static ImmutableSortedDictionary<string, Tensor> Tensors(IEnumerable<FlatTable> tables, Budget budget, OfficialExternalData? external)
    {
        ImmutableSortedDictionary<string, Tensor>.Builder tensors = None.ToBuilder();
        foreach (FlatTable table in tables)
        {
            string name = Name(table, budget);
            long[] dims = table.Longs(2);
            budget.Spend(dims.Length * sizeof(long));
            var type = (ElementType)table.Int(3, 0);
            ReadOnlyMemory<byte> data = table.Bytes(4);
            budget.Spend(data.Length);
            if (table.Long(6, -1) is >= 0 and var offset)
            {
                if (external is null)
                    throw new InvalidDataException($"the data of '{name}' lie in another file");
                data = external.Read(name, offset, type, dims, budget.Spend);
            }

            if (tensors.ContainsKey(name))
                throw new InvalidDataException($"'{name}' occurs twice");
            tensors.Add(name, new Tensor(type, dims, data));
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
