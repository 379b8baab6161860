using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Scheduling.Linux;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Scheduling;

[Trait("Category", "Unit")]
public sealed class LinuxDeviceStateTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Read_Laptop_TellsEverySignal()
    {
        using DeviceTree tree = DeviceTree.Laptop();
        var hints = new FixedHints(Ternary.False);
        DeviceState expected = new()
        {
            IsCharging = Ternary.True,
            HasBattery = Ternary.True,
            BatteryLevel = 0.64,
            IsSavingBattery = Ternary.False,
            IsScreenOn = Ternary.True,
            IsSessionIdle = Ternary.False,
            Thermal = ThermalLevel.None,
            MemoryPressure = 0,
            CpuPressure = 0.0371,
        };
        Assert.Equal(expected, Rounded(new LinuxDeviceState(null, tree.Root, hints, null, null).Read()));
        Assert.Equal(["2"], hints.Asked);
        DeviceState withFolder = new LinuxDeviceState(Path.Combine(tree.Root, "not", "yet"), tree.Root).Read();
        Assert.True(withFolder.FreeStorageInBytes > 0);
        Assert.Equal(Ternary.Unknown, withFolder.IsSessionIdle);
    }

    [Fact]
    public void Read_Phone_TellsEverySignal()
    {
        using DeviceTree tree = DeviceTree.Phone();
        DeviceState expected = new()
        {
            IsCharging = Ternary.True,
            HasBattery = Ternary.True,
            BatteryLevel = 1,
            IsScreenOn = Ternary.False,
            Thermal = ThermalLevel.Light,
            MemoryPressure = 0.012,
            CpuPressure = 0,
        };
        Assert.Equal(expected, Rounded(Read(tree)));
    }

    [Fact]
    public void Read_Desktop_ChargesWithoutBattery()
    {
        using DeviceTree tree = DeviceTree.Desktop();
        tree.Touch("dev/tty1", Now - TimeSpan.FromMinutes(4));
        var time = new FakeTimeProvider(Now);
        var device = new LinuxDeviceState(null, tree.Root, timeProvider: time);
        DeviceState expected = new()
        {
            IsCharging = Ternary.True,
            HasBattery = Ternary.False,
            IsScreenOn = Ternary.False,
            IsSessionIdle = Ternary.False,
            Thermal = ThermalLevel.None,
            MemoryPressure = 0,
            CpuPressure = 0.125,
        };
        Assert.Equal(expected, Rounded(device.Read()));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(Ternary.True, device.Read().IsSessionIdle);

        // The clock was set back by years: the terminal's last use tells nothing.
        time.AdjustTime(Now.AddYears(-4));
        Assert.Equal(Ternary.Unknown, device.Read().IsSessionIdle);
    }

    [Fact]
    public void Read_Container_TakesNothingFromAbsence()
    {
        using DeviceTree tree = DeviceTree.Container();
        Assert.Equal(new DeviceState { MemoryPressure = 0, CpuPressure = 0.8818 }, Rounded(Read(tree)));
    }

    [Fact]
    public void Read_EmptyRoot_IsUnknown()
    {
        using var tree = new DeviceTree();
        Assert.Equal(DeviceState.Unknown, Read(tree));
    }

    [Theory]
    [InlineData("Charging", "1", Ternary.True)]
    [InlineData("Full", "1", Ternary.True)]
    [InlineData("Not charging", "1", Ternary.True)]
    [InlineData("Unknown", "1", Ternary.True)]
    [InlineData("Discharging", "1", Ternary.False)]
    [InlineData("Discharging", "0", Ternary.False)]
    [InlineData("Not charging", "0", Ternary.False)]
    [InlineData("Unknown", "0", Ternary.False)]
    [InlineData("Unknown", "", Ternary.Unknown)]
    [InlineData("Full", "", Ternary.True)]
    [InlineData("", "", Ternary.Unknown)]
    public void IsCharging_BatteryAndMains_NeedsPowerAndNoDrain(string status, string online, Ternary expected)
    {
        using var tree = new DeviceTree();
        tree.Add("sys/class/power_supply/BAT0", ("type", "Battery"), ("status", status), ("capacity", "50"));
        tree.Add("sys/class/power_supply/AC", ("type", "Mains"), ("online", online));
        Assert.Equal(expected, Read(tree).IsCharging);
    }

    [Fact]
    public void BatteryLevel_TwoBatteries_IsWeighted()
    {
        using var tree = new DeviceTree();
        tree.Add("sys/class/power_supply/BAT0", ("type", "Battery"), ("capacity", "100"), ("energy_now", "10000000"), ("energy_full", "10000000"));
        tree.Add("sys/class/power_supply/BAT1", ("type", "Battery"), ("capacity", "0"), ("energy_now", "0"), ("energy_full", "30000000"));
        Assert.Equal(0.25, Read(tree).BatteryLevel);
        tree.Remove("sys/class/power_supply/BAT1/energy_full");
        Assert.Equal(0.5, Read(tree).BatteryLevel);
        tree.Add("sys/class/power_supply/BAT1", ("capacity", "900"));
        Assert.Null(Read(tree).BatteryLevel);
    }

    [Fact]
    public void IsCharging_PortableWithoutListedBattery_IsUnknown()
    {
        using DeviceTree tree = DeviceTree.Desktop();
        tree.Add("sys/class/dmi/id", ("chassis_type", "10"));
        Assert.Equal((Ternary.Unknown, Ternary.Unknown), (Read(tree).IsCharging, Read(tree).HasBattery));
    }

    [Fact]
    public void IsCharging_UninterruptibleSupplyDrains_IsFalse()
    {
        using DeviceTree tree = DeviceTree.Desktop();
        tree.Add("sys/class/power_supply/ups", ("type", "UPS"), ("status", "Discharging"));
        Assert.Equal(Ternary.False, Read(tree).IsCharging);
    }

    [Theory]
    [InlineData(64_999, ThermalLevel.None)]
    [InlineData(65_000, ThermalLevel.Light)]
    [InlineData(74_999, ThermalLevel.Light)]
    [InlineData(75_000, ThermalLevel.Moderate)]
    [InlineData(95_000, ThermalLevel.Severe)]
    [InlineData(110_000, ThermalLevel.Critical)]
    [InlineData(300_000, ThermalLevel.Unknown)]
    public void Thermal_TripPoints_GiveTheLevel(int temperature, ThermalLevel expected)
    {
        using DeviceTree tree = DeviceTree.Phone();
        Directory.Delete(Path.Combine(tree.Root, "sys/class/thermal/thermal_zone1"), recursive: true);
        tree.Add("sys/class/thermal/thermal_zone0", ("temp", temperature.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(expected, Read(tree).Thermal);
    }

    [Fact]
    public void Thermal_BatteryTooHot_IsSevere()
    {
        using DeviceTree tree = DeviceTree.Phone();
        tree.Add("sys/class/power_supply/battery", ("health", "Overheat"));
        Assert.Equal(ThermalLevel.Severe, Read(tree).Thermal);
    }

    [Fact]
    public void IsScreenOn_LaptopClosedWithMonitor_FollowsTheMonitor()
    {
        using DeviceTree tree = DeviceTree.Laptop();
        tree.Add("sys/class/backlight/intel_backlight", ("bl_power", "4"));
        Assert.Equal(Ternary.False, Read(tree).IsScreenOn);
        tree.Add("sys/class/drm/card0-HDMI-A-1", ("status", "connected"), ("dpms", "On"));
        Assert.Equal(Ternary.True, Read(tree).IsScreenOn);
        tree.Add("sys/class/drm/card0-HDMI-A-1", ("dpms", "Off"));
        Assert.Equal(Ternary.False, Read(tree).IsScreenOn);
    }

    [Fact]
    public void IsSessionIdle_GraphicalSession_AsksLogind()
    {
        using DeviceTree tree = DeviceTree.Laptop();
        foreach (Ternary hint in Enum.GetValues<Ternary>())
            Assert.Equal(hint, new LinuxDeviceState(null, tree.Root, new FixedHints(hint), null, null).Read().IsSessionIdle);

        // A user who switched to another seat's session is not at this one.
        tree.Session("2", "wayland", "SEAT=seat0\nACTIVE=0\n");
        Assert.Equal(Ternary.True, Read(tree).IsSessionIdle);
        tree.Remove("run/systemd/sessions/2");
        Assert.Equal(Ternary.True, Read(tree).IsSessionIdle);
    }

    [Theory]
    [InlineData("IdleHint=yes\nLockedHint=no\n", Ternary.True)]
    [InlineData("IdleHint=no\nLockedHint=yes\n", Ternary.True)]
    [InlineData("IdleHint=no\nLockedHint=no\n", Ternary.False)]
    [InlineData("LockedHint=no\n", Ternary.Unknown)]
    [InlineData("", Ternary.Unknown)]
    public void Parse_LoginctlAnswer_GivesTheHint(string answer, Ternary expected) => Assert.Equal(expected, LoginctlSessionHints.Parse(answer));

    [Fact]
    public void IsIdle_NameThatIsNoSession_StartsNothing() => Assert.Equal(Ternary.Unknown, new LoginctlSessionHints().IsIdle("--help; x"));

    [Fact]
    public void Read_FilesFullOfNoise_NeverThrows()
    {
        var random = new Random(11);
        foreach (Func<DeviceTree> make in new Func<DeviceTree>[] { DeviceTree.Laptop, DeviceTree.Phone, DeviceTree.Desktop, DeviceTree.Container })
        {
            using DeviceTree tree = make();
            string[] files = Directory.GetFiles(tree.Root, "*", SearchOption.AllDirectories);
            for (int round = 0; round < 20; round++)
            {
                foreach (string file in files)
                {
                    byte[] noise = new byte[random.Next(0, 6000)];
                    random.NextBytes(noise);
                    File.WriteAllBytes(file, noise);
                }

                Assert.NotNull(Read(tree));
                Assert.Null(Record.Exception(() => new EnergyMeter(tree.Root).Sample()));
            }
        }
    }

    [SkippableFact]
    public void Read_ThisMachine_Answers()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Reads a Linux kernel.");
        DeviceState state = new LinuxDeviceState(Path.GetTempPath()).Read();
        Assert.True(state.FreeStorageInBytes > 0);
        Assert.True(state.BatteryLevel is null or (>= 0 and <= 1));
        Assert.True(state.CpuPressure is null or (>= 0 and <= 1));
    }

    private static DeviceState Read(DeviceTree tree) => new LinuxDeviceState(null, tree.Root).Read();

    private static DeviceState Rounded(DeviceState state) =>
        state with { CpuPressure = state.CpuPressure is { } c ? Math.Round(c, 6) : null, MemoryPressure = state.MemoryPressure is { } m ? Math.Round(m, 6) : null };

    private sealed class FixedHints(Ternary answer) : ISessionHints
    {
        public List<string> Asked { get; } = [];

        public Ternary IsIdle(string session)
        {
            Asked.Add(session);
            return answer;
        }
    }
}
