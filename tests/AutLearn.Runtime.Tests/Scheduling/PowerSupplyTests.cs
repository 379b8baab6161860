using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Scheduling.Linux;

namespace AutLearn.Runtime.Tests.Scheduling;

/// <summary>Power supplies as drivers of notebooks and phones list them.</summary>
[Trait("Category", "Unit")]
public sealed class PowerSupplyTests : IDisposable
{
    private const string Folder = "sys/class/power_supply/";
    private readonly DeviceTree _tree = DeviceTree.Desktop();

    public PowerSupplyTests() => _tree.Add("sys/class/dmi/id", ("chassis_type", "10"));

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("Mains")]
    [InlineData("USB")]
    [InlineData("USB_DCP")]
    [InlineData("USB_CDP")]
    [InlineData("USB_ACA")]
    [InlineData("USB_C")]
    [InlineData("USB_PD")]
    [InlineData("USB_PD_DRP")]
    [InlineData("USB_HVDCP")]
    [InlineData("USB_HVDCP_3")]
    [InlineData("USB_FLOAT")]
    [InlineData("BrickID")]
    [InlineData("Wireless")]
    public void IsCharging_AnyKindOfCharger_CountsWhileOnline(string type)
    {
        Battery("battery", "Not charging", ("capacity", "80"));
        foreach ((string online, Ternary expected) in new[] { ("1", Ternary.True), ("2", Ternary.True), ("0", Ternary.False) })
        {
            _tree.Add(Folder + "charger", ("type", type), ("online", online));
            Assert.Equal(expected, Read().IsCharging);
        }
    }

    [Theory]
    [InlineData("Unknown")]
    [InlineData("BMS")]
    [InlineData("Main")]
    public void IsCharging_OtherKindsOfSupply_DoNotCount(string type)
    {
        Battery("battery", "Not charging", ("capacity", "80"));
        _tree.Add(Folder + "other", ("type", type), ("online", "1"));
        Assert.Equal(Ternary.Unknown, Read().IsCharging);
    }

    [Theory]
    [InlineData("current_now", "0", null, null, Ternary.True)]
    [InlineData("power_now", "0", null, null, Ternary.True)]
    [InlineData("power_now", "0", "current_now", "0", Ternary.True)]
    [InlineData("power_now", "5000000", null, null, Ternary.False)]
    [InlineData("current_now", "-250000", null, null, Ternary.False)]
    [InlineData("power_now", "0", "current_now", "-250000", Ternary.False)]
    [InlineData("voltage_now", "16000000", null, null, Ternary.False)]
    [InlineData("current_now", "error", null, null, Ternary.False)]
    public void IsCharging_SaysDischargingOnPower_DependsOnTheFlow(string name, string value, string? otherName, string? otherValue, Ternary expected)
    {
        Battery("BAT0", "Discharging", [("capacity", "80"), (name, value), .. otherName is null ? [] : new[] { (otherName, otherValue!) }]);
        _tree.Add(Folder + "ADP1", ("type", "Mains"), ("online", "1"));
        Assert.Equal(expected, Read().IsCharging);
        _tree.Add(Folder + "ADP1", ("type", "Mains"), ("online", "0"));
        Assert.Equal(Ternary.False, Read().IsCharging);
    }

    [Fact]
    public void IsCharging_TwoBatteries_OneThatDrainsIsEnough()
    {
        _tree.Add(Folder + "AC", ("type", "Mains"), ("online", "1"));
        Battery("BAT0", "Not charging", ("capacity", "80"));
        Battery("BAT1", "Discharging", ("capacity", "49"), ("power_now", "0"));
        Assert.Equal(Ternary.True, Read().IsCharging);
        Battery("BAT1", "Discharging", ("capacity", "49"), ("power_now", "8000000"));
        Assert.Equal(Ternary.False, Read().IsCharging);
    }

    [Fact]
    public void IsCharging_UninterruptibleSupplyDrains_IsFalseWhateverFlows()
    {
        _tree.Add(Folder + "ups", ("type", "UPS"), ("status", "Discharging"), ("current_now", "0"));
        _tree.Add(Folder + "AC", ("type", "Mains"), ("online", "1"));
        Assert.Equal(Ternary.False, Read().IsCharging);
    }

    [Theory]
    [InlineData("charging")]
    [InlineData("CHARGING")]
    [InlineData(" Charging ")]
    public void IsCharging_StatusWrittenOtherwise_IsRead(string status)
    {
        Battery("BAT0", status, ("capacity", "50"));
        Assert.Equal(Ternary.True, Read().IsCharging);
    }

    [Theory]
    [InlineData(0.50, "capacity", "-1", "charge_now", "2000", "charge_full", "4000")]
    [InlineData(0.25, "capacity", "error", "energy_now", "1000", "energy_full", "4000")]
    [InlineData(0.25, "health", "Good", "energy_now", "1000", "energy_full", "4000")]
    [InlineData(0.75, "capacity", "65535", "charge_now", "3000", "charge_full_design", "4000")]
    [InlineData(1.00, "capacity", "-1", "charge_now", "4100", "charge_full", "4000")]
    [InlineData(0.64, "capacity", "64", "charge_now", "2000", "charge_full", "4000")]
    [InlineData(1.00, "capacity", "104", "charge_now", "2000", "charge_full", "4000")]
    [InlineData(null, "capacity", "-1", "charge_now", "2000", "charge_full", "0")]
    [InlineData(null, "capacity", "-1", "charge_now", "-5", "charge_full", "4000")]
    [InlineData(null, "capacity", "", "charge_now", "2000", "energy_full", "4000")]
    public void BatteryLevel_OneBattery_TakesWhatIsAtHand(double? expected, string a, string x, string b, string y, string c, string z)
    {
        Battery("BAT0", "Charging", (a, x), (b, y), (c, z));
        Assert.Equal(expected, Read().BatteryLevel);
    }

    [Fact]
    public void BatteryLevel_TwoBatteriesOneWithoutCapacity_IsTheirMean()
    {
        Battery("BAT0", "Charging", ("capacity", "80"));
        Battery("BAT1", "Charging", ("capacity", "error"), ("charge_now", "1000"), ("charge_full", "4000"));
        Assert.Equal(0.525, Read().BatteryLevel);
    }

    [Fact]
    public void Watts_NothingFlows_AreUnknown()
    {
        Battery("BAT0", "Discharging", ("capacity", "80"), ("power_now", "0"));
        Assert.Null(BatteryPower.Open(new SystemTree(_tree.Root))!.Watts());
        Battery("BAT0", "Discharging", ("capacity", "80"), ("power_now", "7000000"));
        Assert.Equal(7, BatteryPower.Open(new SystemTree(_tree.Root))!.Watts());
    }

    private void Battery(string name, string status, params (string Name, string Content)[] more) =>
        _tree.Add(Folder + name, [("type", "Battery"), ("present", "1"), ("status", status), .. more]);

    private DeviceState Read() => new LinuxDeviceState(root: _tree.Root).Read();
}
