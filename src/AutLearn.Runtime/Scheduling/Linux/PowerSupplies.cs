namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>Power as <c>/sys/class/power_supply</c> tells it. Facts: the kernel's <c>Documentation/ABI/testing/sysfs-class-power</c>.</summary>
internal sealed class PowerSupplies
{
    private const string Folder = "sys/class/power_supply";

    private readonly List<string> _batteries = [];
    private readonly List<string> _chargers = [];
    private readonly List<string> _uninterruptible = [];
    private readonly SystemTree _tree;
    private readonly bool _isListed;

    public PowerSupplies(SystemTree tree)
    {
        _tree = tree;
        IReadOnlyList<string>? entries = tree.Entries(Folder);
        _isListed = entries is not null;
        foreach (string supply in entries ?? [])
        {
            // Mice, keyboards and pens have batteries of their own, which are no business of ours.
            if (tree.Text($"{supply}/scope") == "Device")
                continue;
            List<string>? kind = tree.Text($"{supply}/type") switch
            {
                "Battery" => tree.Text($"{supply}/present") == "0" ? null : _batteries,
                "Mains" or "USB" or "Wireless" => _chargers,
                "UPS" => _uninterruptible,
                _ => null,
            };
            kind?.Add(supply);
        }
    }

    public IReadOnlyList<string> Batteries => _batteries;

    /// <summary>Gets whether a battery reports that it is too hot.</summary>
    public bool IsOverheated => _batteries.Any(b => _tree.Text($"{b}/health") is "Overheat" or "Hot");

    public Ternary HasBattery =>
        _batteries.Count > 0 ? Ternary.True
        : !_isListed || IsContainer || IsPortable ? Ternary.Unknown
        : Ternary.False;

    /// <summary>Gets whether power comes in and no battery drains: a weak charger that cannot keep up does not count.</summary>
    public Ternary IsCharging
    {
        get
        {
            string?[] states = [.. _batteries.Concat(_uninterruptible).Select(b => _tree.Text($"{b}/status"))];
            if (states.Contains("Discharging"))
                return Ternary.False;
            long?[] online = [.. _chargers.Select(c => _tree.Number($"{c}/online"))];
            if (online.Contains(1) || online.Contains(2) || states.Contains("Charging"))
                return Ternary.True;
            if (HasBattery == Ternary.False)
                return Ternary.True;
            if (online.Contains(0))
                return Ternary.False;
            return states.Contains("Full") ? Ternary.True : Ternary.Unknown;
        }
    }

    /// <summary>Gets how full the batteries are together: by energy, or by charge, where all tell it, else by the mean of their shares.</summary>
    public double? Level =>
        _batteries.Count == 0 ? null : Ratio("energy_now", "energy_full") ?? Ratio("charge_now", "charge_full") ?? MeanCapacity();

    // Containers see the host's kernel but not always its devices, so an empty folder says nothing there.
    private bool IsContainer =>
        _tree.Exists(".dockerenv") || _tree.Exists("run/.containerenv") || _tree.Exists("run/systemd/container")
        || _tree.Text("proc/1/cgroup") is { } groups
            && (groups.Contains("docker", StringComparison.Ordinal) || groups.Contains("kubepods", StringComparison.Ordinal) || groups.Contains("lxc", StringComparison.Ordinal));

    // Chassis types of SMBIOS 3 (7.4.1) that have batteries: a portable without one in the list lacks its driver.
    private bool IsPortable => _tree.Number("sys/class/dmi/id/chassis_type") is 8 or 9 or 10 or 11 or 14 or 30 or 31 or 32;

    private double? Ratio(string now, string full)
    {
        // With one battery the kernel's own percentage is what the user sees.
        if (_batteries.Count == 1)
            return MeanCapacity();
        double left = 0, whole = 0;
        foreach (string battery in _batteries)
        {
            if (_tree.Number($"{battery}/{now}") is not (>= 0 and var part) || _tree.Number($"{battery}/{full}") is not (> 0 and var all))
                return null;
            left += part;
            whole += all;
        }

        return Math.Clamp(left / whole, 0, 1);
    }

    private double? MeanCapacity()
    {
        double sum = 0;
        foreach (string battery in _batteries)
        {
            if (_tree.Number($"{battery}/capacity") is not (>= 0 and <= 100 and var percent))
                return null;
            sum += percent;
        }

        return sum / (100 * _batteries.Count);
    }
}
