using AutLearn.Testing;

namespace AutLearn.Runtime.Tests.Scheduling;

/// <summary>A recorded device: the small files that its kernel and logind show, below a root of our own.</summary>
internal sealed class DeviceTree : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Root => _folder.Path;

    /// <summary>A notebook of 2021 on its charger with the lid open and a user on Wayland; a wireless mouse and a monitor port without monitor.</summary>
    public static DeviceTree Laptop()
    {
        var tree = new DeviceTree();
        tree.Add("sys/class/power_supply/AC", ("type", "Mains"), ("online", "1"));
        tree.Add(
            "sys/class/power_supply/BAT0",
            ("type", "Battery"), ("scope", "System"), ("present", "1"), ("status", "Charging"), ("capacity", "64"), ("energy_now", "32110000"), ("energy_full", "50450000"), ("power_now", "18500000"), ("voltage_now", "16100000"), ("health", "Good"));
        tree.Add("sys/class/power_supply/hidpp_battery_0", ("type", "Battery"), ("scope", "Device"), ("status", "Discharging"), ("capacity", "5"));
        tree.Add("sys/class/power_supply/ucsi-source-psy-USBC000:001", ("type", "USB"), ("online", "0"));
        tree.Add("sys/firmware/acpi", ("platform_profile", "balanced"), ("platform_profile_choices", "low-power balanced performance"));
        tree.Add("sys/class/dmi/id", ("chassis_type", "10"));
        tree.Add("sys/class/drm/card0-eDP-1", ("status", "connected"), ("dpms", "On"), ("enabled", "enabled"));
        tree.Add("sys/class/drm/card0-HDMI-A-1", ("status", "disconnected"), ("dpms", "Off"), ("enabled", "disabled"));
        tree.Add("sys/class/drm/card0", ("uevent", ""));
        tree.Add("sys/class/backlight/intel_backlight", ("bl_power", "0"), ("brightness", "12000"), ("actual_brightness", "12000"), ("max_brightness", "24242"));
        tree.Add("sys/class/thermal/thermal_zone0", ("type", "acpitz"), ("temp", "47000"), ("trip_point_0_type", "critical"), ("trip_point_0_temp", "128000"));
        tree.Add("sys/class/thermal/thermal_zone5", ("type", "x86_pkg_temp"), ("temp", "52000"), ("trip_point_0_type", "passive"), ("trip_point_0_temp", "0"), ("trip_point_1_type", "passive"), ("trip_point_1_temp", "-274000"));
        tree.Add("sys/class/thermal/thermal_zone6", ("type", "iwlwifi_1"), ("temp", "-274000"));
        tree.Add("sys/class/thermal/cooling_device0", ("type", "Processor"), ("cur_state", "0"));
        tree.Pressure("memory", "0.00");
        tree.Pressure("cpu", "3.71");
        tree.Add("run/systemd/seats", ("seat0", "ACTIVE=2\n"));
        tree.Session("2", "wayland", "TTY=tty2\nSEAT=seat0\nVTNR=2\n");
        tree.Add("run/systemd/sessions", ("2.ref", ""), ("c1", "UID=125\nUSER=gdm\nACTIVE=0\nSTATE=closing\nREMOTE=0\nTYPE=wayland\nCLASS=greeter\nSEAT=seat0\n"));
        return tree;
    }

    /// <summary>A phone that runs a common Linux kernel: on USB, screen off by brightness 0, zones with trip points, no logind.</summary>
    public static DeviceTree Phone()
    {
        var tree = new DeviceTree();
        tree.Add("sys/class/power_supply/usb", ("type", "USB"), ("online", "1"));
        tree.Add("sys/class/power_supply/wireless", ("type", "Wireless"), ("online", "0"));
        tree.Add("sys/class/power_supply/battery", ("type", "Battery"), ("present", "1"), ("status", "Full"), ("capacity", "100"), ("current_now", "-210000"), ("voltage_now", "4310000"), ("health", "Good"));
        tree.Add("sys/class/backlight/panel0-backlight", ("bl_power", "0"), ("brightness", "0"), ("actual_brightness", "0"), ("max_brightness", "2047"));
        tree.Add("sys/class/thermal/thermal_zone0", ("type", "cpu-0-0"), ("temp", "38200"), ("trip_point_0_type", "passive"), ("trip_point_0_temp", "75000"), ("trip_point_1_type", "hot"), ("trip_point_1_temp", "95000"), ("trip_point_2_type", "critical"), ("trip_point_2_temp", "110000"));
        tree.Add("sys/class/thermal/thermal_zone1", ("type", "skin-therm"), ("temp", "33000"), ("trip_point_0_type", "passive"), ("trip_point_0_temp", "42000"));
        tree.Pressure("memory", "1.20");
        tree.Pressure("cpu", "0.00");
        return tree;
    }

    /// <summary>A desktop: an empty power supply folder, two monitors that sleep, a user at a text terminal, no thermal zone but the processor's.</summary>
    public static DeviceTree Desktop()
    {
        var tree = new DeviceTree();
        tree.Folder("sys/class/power_supply");
        tree.Add("sys/class/dmi/id", ("chassis_type", "3"));
        tree.Add("sys/class/drm/card1-DP-1", ("status", "connected"), ("dpms", "Off"));
        tree.Add("sys/class/drm/card1-DP-2", ("status", "connected"), ("dpms", "Standby"));
        tree.Add("sys/class/thermal/thermal_zone0", ("type", "x86_pkg_temp"), ("temp", "41000"));
        tree.Pressure("memory", "0.00");
        tree.Pressure("cpu", "12.50");
        tree.Add("run/systemd/seats", ("seat0", "ACTIVE=1\n"));
        tree.Session("1", "tty", "TTY=tty1\nSEAT=seat0\nVTNR=1\n");
        tree.Add("dev", ("tty1", ""));
        tree.Add("sys/class/powercap/intel-rapl", ("enabled", "1"));
        tree.Add("sys/class/powercap/intel-rapl:0", ("name", "package-0"), ("energy_uj", "1000000"), ("max_energy_range_uj", "262143328850"));
        tree.Add("sys/class/powercap/intel-rapl:0:0", ("name", "core"), ("energy_uj", "700000"), ("max_energy_range_uj", "262143328850"));
        tree.Add("sys/class/powercap/intel-rapl:0:1", ("name", "dram"), ("energy_uj", "500000"), ("max_energy_range_uj", "65712999613"));
        tree.Add("sys/class/powercap/intel-rapl:1", ("name", "psys"), ("energy_uj", "9000000"), ("max_energy_range_uj", "262143328850"));
        tree.Add("sys/class/powercap/intel-rapl-mmio:0", ("name", "package-0"), ("energy_uj", "1000000"), ("max_energy_range_uj", "262143328850"));
        return tree;
    }

    /// <summary>A container: no supply, no screen, no session, the host's pressure.</summary>
    public static DeviceTree Container()
    {
        var tree = new DeviceTree();
        tree.Folder("sys/class/power_supply");
        tree.Folder("sys/class/thermal");
        tree.Folder("run/systemd/sessions");
        tree.Add("proc/1", ("cgroup", "0::/system.slice/docker-4f1c.scope\n"));
        tree.Pressure("memory", "0.00");
        tree.Pressure("cpu", "88.18");
        return tree;
    }

    public void Add(string folder, params (string Name, string Content)[] files)
    {
        foreach ((string name, string content) in files)
            File.WriteAllText(_folder.File(folder, name), content.Length == 0 || content.EndsWith('\n') ? content : content + "\n");
    }

    public void Folder(string folder) => Directory.CreateDirectory(Path.Combine(Root, folder));

    public void Remove(string path) => File.Delete(Path.Combine(Root, path));

    public void Touch(string path, DateTimeOffset time) => File.SetLastAccessTimeUtc(Path.Combine(Root, path), time.UtcDateTime);

    public void Session(string id, string type, string more) =>
        Add("run/systemd/sessions", (id, $"# This is private data. Do not parse.\nUID=1000\nUSER=user\nACTIVE=1\nIS_DISPLAY=1\nSTATE=active\nREMOTE=0\nTYPE={type}\nCLASS=user\n{more}"));

    public void Pressure(string resource, string percent) =>
        Add("proc/pressure", (resource, $"some avg10={percent} avg60=1.00 avg300=0.50 total=98259052\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"));

    public void Dispose() => _folder.Dispose();
}
