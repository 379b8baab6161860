namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>The power that the batteries give.</summary>
internal sealed class BatteryPower
{
    private readonly SystemTree _tree;
    private readonly IReadOnlyList<string> _batteries;

    private BatteryPower(SystemTree tree, IReadOnlyList<string> batteries)
    {
        _tree = tree;
        _batteries = batteries;
    }

    /// <summary>Opens the batteries; null if one does not tell its power.</summary>
    public static BatteryPower? Open(SystemTree tree)
    {
        IReadOnlyList<string> batteries = new PowerSupplies(tree).Batteries;
        var power = new BatteryPower(tree, batteries);
        return batteries.Count > 0 && batteries.All(b => power.WattsOf(b) is not null) ? power : null;
    }

    /// <summary>Gets the watts drawn now; null while none drains, for then the charger feeds the device.</summary>
    public double? Watts()
    {
        double sum = 0;
        bool drains = false;
        foreach (string battery in _batteries)
        {
            if (!string.Equals(_tree.Text($"{battery}/status"), "Discharging", StringComparison.OrdinalIgnoreCase))
                continue;
            if (WattsOf(battery) is not { } watts)
                return null;
            drains |= watts > 0;
            sum += watts;
        }

        return drains ? sum : null;
    }

    // Microwatts, or microamperes times microvolts. Some drivers give a drain as negative.
    private double? WattsOf(string battery)
    {
        if (_tree.Number($"{battery}/power_now") is { } power)
            return Math.Abs(power / 1e6);
        return _tree.Number($"{battery}/current_now") is { } current && _tree.Number($"{battery}/voltage_now") is { } voltage
            ? Math.Abs(current / 1e6 * (voltage / 1e6))
            : null;
    }
}
