using AutLearn.Runtime.Scheduling;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Scheduling;

[Trait("Category", "Unit")]
public sealed class EnergyMeterTests
{
    [Fact]
    public void Sample_Rapl_SumsPackagesAndMemoryAndWraps()
    {
        using DeviceTree tree = DeviceTree.Desktop();
        var meter = new EnergyMeter(tree.Root);
        Assert.Equal(EnergySource.Rapl, meter.Source);
        Assert.Equal(0, meter.Sample());
        tree.Add("sys/class/powercap/intel-rapl:0", ("energy_uj", "4000000"));
        tree.Add("sys/class/powercap/intel-rapl:0:1", ("energy_uj", "1250000"));
        Assert.Equal(3.75, meter.Sample()!.Value, 9);

        // The package's counter begins again at zero: 262143.328850 + 0.000001 - 4 + 1 J.
        tree.Add("sys/class/powercap/intel-rapl:0", ("energy_uj", "1000000"));
        Assert.Equal(3.75 + 262140.328851, meter.Sample()!.Value, 6);
        tree.Remove("sys/class/powercap/intel-rapl:0:1/energy_uj");
        Assert.Null(meter.Sample());
    }

    [Fact]
    public void Sample_BatteryDrains_IntegratesPower()
    {
        using DeviceTree tree = DeviceTree.Laptop();
        var time = new FakeTimeProvider();
        tree.Add("sys/class/power_supply/BAT0", ("status", "Discharging"), ("power_now", "10000000"));
        var meter = new EnergyMeter(tree.Root, time);
        Assert.Equal(EnergySource.Battery, meter.Source);
        time.Advance(TimeSpan.FromSeconds(10));
        tree.Add("sys/class/power_supply/BAT0", ("power_now", "20000000"));
        Assert.Equal(150, meter.Sample()!.Value, 9);

        // On the charger the battery's power is not the device's.
        tree.Add("sys/class/power_supply/BAT0", ("status", "Charging"));
        Assert.Null(meter.Sample());
        tree.Add("sys/class/power_supply/BAT0", ("status", "Discharging"));
        Assert.Null(meter.Sample());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(170, meter.Sample()!.Value, 9);
    }

    [Fact]
    public void Sample_CurrentAndVoltage_GivePower()
    {
        using DeviceTree tree = DeviceTree.Phone();
        tree.Add("sys/class/power_supply/battery", ("status", "Discharging"), ("current_now", "-500000"), ("voltage_now", "4000000"));
        var time = new FakeTimeProvider();
        var meter = new EnergyMeter(tree.Root, time);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(10, meter.Sample()!.Value, 9);
    }

    [Fact]
    public void Sample_TimestampsGoBack_AddsNothing()
    {
        using DeviceTree tree = DeviceTree.Laptop();
        var time = new FakeTimeProvider(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        tree.Add("sys/class/power_supply/BAT0", ("status", "Discharging"), ("power_now", "10000000"));
        var meter = new EnergyMeter(tree.Root, time);
        time.AdjustTime(time.GetUtcNow().AddYears(-3));
        Assert.Equal(0, meter.Sample());
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(100, meter.Sample()!.Value, 9);
    }

    [Fact]
    public void Sample_Container_TellsNothing()
    {
        using DeviceTree tree = DeviceTree.Container();
        var meter = new EnergyMeter(tree.Root);
        Assert.Equal((EnergySource.None, null), (meter.Source, meter.Sample()));
    }
}
