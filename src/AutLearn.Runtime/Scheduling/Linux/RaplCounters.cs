namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>The energy counters of the processor packages in <c>/sys/class/powercap</c>. Facts: the kernel's <c>power/powercap</c> documentation.</summary>
internal sealed class RaplCounters
{
    private readonly SystemTree _tree;
    private readonly string[] _zones;
    private readonly long[] _ranges;
    private readonly long[] _last;

    private RaplCounters(SystemTree tree, List<string> zones)
    {
        _tree = tree;
        _zones = [.. zones];
        _ranges = [.. zones.Select(z => tree.Number($"{z}/max_energy_range_uj") ?? 0)];
        _last = [.. zones.Select(z => tree.Number($"{z}/energy_uj") ?? 0)];
    }

    /// <summary>Opens what can be read; null for nothing.</summary>
    public static RaplCounters? Open(SystemTree tree)
    {
        List<string> zones = [];
        foreach (string zone in tree.Entries("sys/class/powercap") ?? [])
        {
            // intel-rapl:0 is a package; intel-rapl:0:1 a part of it. Of the parts only memory is not counted in the package already. The zone psys
            // contains the packages, and intel-rapl-mmio repeats them.
            string name = Path.GetFileName(zone);
            if (!name.StartsWith("intel-rapl:", StringComparison.Ordinal) || tree.Number($"{zone}/energy_uj") is not >= 0)
                continue;
            string? kind = tree.Text($"{zone}/name");
            if (kind == "dram" || (name.Count(c => c == ':') == 1 && kind?.StartsWith("package", StringComparison.Ordinal) == true))
                zones.Add(zone);
        }

        return zones.Count == 0 ? null : new(tree, zones);
    }

    /// <summary>Gets the joules since the call before; null if a counter cannot be read, then the next call counts from here on.</summary>
    public double? Advance()
    {
        long sum = 0;
        bool isComplete = true;
        for (int i = 0; i < _zones.Length; i++)
        {
            if (_tree.Number($"{_zones[i]}/energy_uj") is not (>= 0 and var now))
            {
                isComplete = false;
                continue;
            }

            // Counters begin again at zero after their range.
            long used = now - _last[i];
            if (used < 0)
                used = _ranges[i] > 0 ? used + _ranges[i] + 1 : now;
            _last[i] = now;
            sum += Math.Max(0, used);
        }

        return isComplete ? sum / 1e6 : null;
    }
}
