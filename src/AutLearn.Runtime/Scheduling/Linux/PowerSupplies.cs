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
                "Mains" or "Wireless" or "BrickID" => _chargers,
                "UPS" => _uninterruptible,

                // USB alone, or how it charges: USB_DCP, USB_CDP, USB_ACA, USB_C, USB_PD, USB_PD_DRP, and what phone kernels add, such as USB_HVDCP.
                { } type when type.StartsWith("USB", StringComparison.Ordinal) => _chargers,
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
            long?[] online = [.. _chargers.Select(c => _tree.Number($"{c}/online"))];
            bool isPowered = online.Contains(1) || online.Contains(2);
            string[] states = [.. _batteries.Where(b => !isPowered || !IsIdle(b)).Concat(_uninterruptible).Select(b => _tree.Text($"{b}/status") ?? "")];
            if (states.Contains("Discharging", StringComparer.OrdinalIgnoreCase))
                return Ternary.False;
            if (isPowered || states.Contains("Charging", StringComparer.OrdinalIgnoreCase))
                return Ternary.True;
            if (HasBattery == Ternary.False)
                return Ternary.True;
            if (online.Contains(0))
                return Ternary.False;
            return states.Contains("Full", StringComparer.OrdinalIgnoreCase) ? Ternary.True : Ternary.Unknown;
        }
    }

    /// <summary>Gets how full the batteries are together: by energy, or by charge, where all tell it, else by the mean of their shares.</summary>
    public double? Level =>
        _batteries.Count == 0 ? null
        : _batteries.Count == 1 ? LevelOf(_batteries[0])
        : Ratio(_batteries, "energy") ?? Ratio(_batteries, "charge") ?? MeanLevel();

    // Containers see the host's kernel but not always its devices, so an empty folder says nothing there.
    private bool IsContainer =>
        _tree.Exists(".dockerenv") || _tree.Exists("run/.containerenv") || _tree.Exists("run/systemd/container")
        || _tree.Text("proc/1/cgroup") is { } groups
            && (groups.Contains("docker", StringComparison.Ordinal) || groups.Contains("kubepods", StringComparison.Ordinal) || groups.Contains("lxc", StringComparison.Ordinal));

    // Chassis types of SMBIOS 3 (7.4.1) that have batteries: a portable without one in the list lacks its driver.
    private bool IsPortable => _tree.Number("sys/class/dmi/id/chassis_type") is 8 or 9 or 10 or 11 or 14 or 30 or 31 or 32;

    // Batteries that a charge limit holds back, or that wait for the other one, report that they discharge while no current flows.
    private bool IsIdle(string battery)
    {
        long?[] flows = [_tree.Number($"{battery}/power_now"), _tree.Number($"{battery}/current_now")];
        return flows.Any(f => f is not null) && flows.All(f => f is null or 0);
    }

    private double? Ratio(IReadOnlyList<string> batteries, string quantity)
    {
        double left = 0, whole = 0;
        foreach (string battery in batteries)
        {
            long? full = _tree.Number($"{battery}/{quantity}_full") is > 0 and var learned ? learned : _tree.Number($"{battery}/{quantity}_full_design");
            if (_tree.Number($"{battery}/{quantity}_now") is not (>= 0 and var part) || full is not (> 0 and var all))
                return null;
            left += part;
            whole += all;
        }

        return Math.Clamp(left / whole, 0, 1);
    }

    // The kernel's own percentage is what the user sees; gauges that learned a smaller capacity go a little beyond 100.
    private double? LevelOf(string battery) =>
        _tree.Number($"{battery}/capacity") is >= 0 and <= 110 and var percent ? Math.Min(percent / 100d, 1) : Ratio([battery], "energy") ?? Ratio([battery], "charge");

    private double? MeanLevel()
    {
        double sum = 0;
        foreach (string battery in _batteries)
        {
            if (LevelOf(battery) is not { } level)
                return null;
            sum += level;
        }

        return sum / _batteries.Count;
    }
}
