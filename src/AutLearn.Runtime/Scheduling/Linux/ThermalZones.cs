namespace AutLearn.Runtime.Scheduling.Linux;

/// <summary>How hot the hottest zone of <c>/sys/class/thermal</c> is against its own trip points.</summary>
/// <remarks>From the passive trip point on, the kernel slows the device. Zones without trip points count only if they are a processor's.</remarks>
internal static class ThermalZones
{
    private const int TripLimit = 12;
    private const long LightMargin = 10_000;

    // Millidegrees Celsius for processors that state no trip point: most slow themselves from 95 to 105 degrees.
    private const long ProcessorPassive = 85_000;
    private const long ProcessorHot = 95_000;
    private const long ProcessorCritical = 105_000;

    public static ThermalLevel Level(SystemTree tree)
    {
        ThermalLevel hottest = ThermalLevel.Unknown;
        foreach (string zone in tree.Entries("sys/class/thermal") ?? [])
        {
            if (!Path.GetFileName(zone).StartsWith("thermal_zone", StringComparison.Ordinal))
                continue;

            // Sensors that are switched off give nonsense such as -274000 or 0.
            if (tree.Number($"{zone}/temp") is not (> 0 and < 200_000 and var temperature))
                continue;
            ThermalLevel level = Level(tree, zone, temperature);
            if (level > hottest)
                hottest = level;
        }

        return hottest;
    }

    private static ThermalLevel Level(SystemTree tree, string zone, long temperature)
    {
        long? passive = null, hot = null, critical = null;
        for (int i = 0; i < TripLimit; i++)
        {
            if (tree.Text($"{zone}/trip_point_{i}_type") is not { } type)
                break;
            if (tree.Number($"{zone}/trip_point_{i}_temp") is not (> 0 and var trip))
                continue;
            switch (type)
            {
                case "passive":
                    passive = Math.Min(passive ?? trip, trip);
                    break;
                case "hot":
                    hot = Math.Min(hot ?? trip, trip);
                    break;
                case "critical":
                    critical = Math.Min(critical ?? trip, trip);
                    break;
            }
        }

        if (passive is null && hot is null)
        {
            if (IsProcessor(tree.Text($"{zone}/type")))
                (passive, hot, critical) = (ProcessorPassive, ProcessorHot, critical ?? ProcessorCritical);
            else if (critical is null)
                return ThermalLevel.Unknown;
        }

        if (temperature >= critical)
            return ThermalLevel.Critical;
        if (temperature >= hot)
            return ThermalLevel.Severe;
        if (temperature >= passive)
            return ThermalLevel.Moderate;
        long? first = passive ?? hot ?? critical;
        return temperature >= first - LightMargin ? ThermalLevel.Light : ThermalLevel.None;
    }

    private static bool IsProcessor(string? type) =>
        type is not null && (type.Contains("cpu", StringComparison.OrdinalIgnoreCase) || type.Contains("pkg", StringComparison.OrdinalIgnoreCase)
            || type.Contains("soc", StringComparison.OrdinalIgnoreCase) || type.Contains("core", StringComparison.OrdinalIgnoreCase));
}
