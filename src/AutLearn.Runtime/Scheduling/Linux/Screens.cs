namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>Whether a screen is on, from the display connectors (<c>/sys/class/drm</c>) and the backlight (<c>/sys/class/backlight</c>).</summary>
internal static class Screens
{
    public static Ternary IsOn(SystemTree tree)
    {
        Ternary backlight = IsLit(tree);
        Ternary connectors = Ternary.Unknown;
        foreach (string connector in tree.Entries("sys/class/drm") ?? [])
        {
            // Cards without a hyphen are no connectors; a connector without a screen says nothing.
            if (!Path.GetFileName(connector).Contains('-', StringComparison.Ordinal) || tree.Text($"{connector}/status") != "connected")
                continue;
            Ternary isOn = tree.Text($"{connector}/dpms") switch
            {
                "On" => IsBuiltIn(connector) && backlight == Ternary.False ? Ternary.False : Ternary.True,
                "Off" or "Standby" or "Suspend" => Ternary.False,
                _ => Ternary.Unknown,
            };
            if (isOn == Ternary.True)
                return Ternary.True;
            if (isOn == Ternary.False)
                connectors = Ternary.False;
        }

        return connectors == Ternary.Unknown ? backlight : connectors;
    }

    private static bool IsBuiltIn(string connector)
    {
        string name = Path.GetFileName(connector);
        return name.Contains("-eDP-", StringComparison.Ordinal) || name.Contains("-LVDS-", StringComparison.Ordinal) || name.Contains("-DSI-", StringComparison.Ordinal);
    }

    // bl_power is 0 for on and 1 to 4 for kinds of off; phones instead set the brightness to 0.
    private static Ternary IsLit(SystemTree tree)
    {
        Ternary isLit = Ternary.Unknown;
        foreach (string light in tree.Entries("sys/class/backlight") ?? [])
        {
            long? power = tree.Number($"{light}/bl_power");
            long? brightness = tree.Number($"{light}/actual_brightness") ?? tree.Number($"{light}/brightness");
            if (power is > 0 || brightness == 0)
                isLit = Ternary.False;
            else if (power == 0 || brightness > 0)
                return Ternary.True;
        }

        return isLit;
    }
}
