using System.Runtime.InteropServices;
using AutLearn.Runtime.Scheduling;
using AutLearn.Runtime.Scheduling.Windows;

namespace AutLearn.Runtime.Tests.Scheduling;

[Trait("Category", "Unit")]
public sealed class WindowsInterpreterTests
{
    [Fact]
    public void Structures_Sizes_AreTheSystems()
    {
        Assert.Equal(12, Marshal.SizeOf<SystemPowerStatus>());
        Assert.Equal(8, Marshal.SizeOf<LastInputInfo>());
        Assert.Equal(64, Marshal.SizeOf<MemoryStatus>());
    }

    [Fact]
    public void Interpret_Notebook_TellsPowerAndSession()
    {
        var interpreter = new WindowsInterpreter(TimeSpan.FromMinutes(5));
        var reading = new WindowsReading
        {
            Power = new() { AcLineStatus = 1, BatteryFlag = 8 | 1, BatteryLifePercent = 71, SystemStatusFlag = 0 },
            SinceInput = 299_999,
            MemoryLoad = 60,
            Processors = new(1000, 500),
        };
        DeviceState expected = new()
        {
            IsCharging = Ternary.True,
            HasBattery = Ternary.True,
            BatteryLevel = 0.71,
            IsSavingBattery = Ternary.False,
            IsSessionIdle = Ternary.False,
            MemoryPressure = 0,
        };
        Assert.Equal(expected, interpreter.Interpret(reading));

        // 300 of the next 400 units were busy.
        DeviceState next = interpreter.Interpret(reading with { SinceInput = 300_000, Processors = new(1100, 800), MemoryLoad = 97 });
        Assert.Equal((Ternary.True, 0.75, 1.0), (next.IsSessionIdle, next.CpuPressure, next.MemoryPressure));
    }

    [Fact]
    public void Interpret_Desktop_ChargesWithoutBattery()
    {
        DeviceState state = new WindowsInterpreter(TimeSpan.FromMinutes(5)).Interpret(new() { Power = new() { AcLineStatus = 255, BatteryFlag = 128, BatteryLifePercent = 255 } });
        Assert.Equal((Ternary.True, Ternary.False, null), (state.IsCharging, state.HasBattery, state.BatteryLevel));
    }

    [Fact]
    public void Interpret_OnBatterySaver_TellsBoth()
    {
        DeviceState state = new WindowsInterpreter(TimeSpan.FromMinutes(5)).Interpret(new() { Power = new() { AcLineStatus = 0, BatteryFlag = 2, BatteryLifePercent = 20, SystemStatusFlag = 1 } });
        Assert.Equal((Ternary.False, Ternary.True, 0.2), (state.IsCharging, state.IsSavingBattery, state.BatteryLevel));
    }

    [Fact]
    public void Interpret_NothingAnswered_IsUnknown()
    {
        var interpreter = new WindowsInterpreter(TimeSpan.FromMinutes(5));
        Assert.Equal(DeviceState.Unknown, interpreter.Interpret(new()));
        DeviceState state = interpreter.Interpret(new() { Power = new() { AcLineStatus = 255, BatteryFlag = 255, BatteryLifePercent = 255, SystemStatusFlag = 255 } });
        Assert.Equal(DeviceState.Unknown, state);
    }

    [SkippableFact]
    public void Read_ThisMachine_Answers()
    {
        Skip.IfNot(OperatingSystem.IsWindows(), "Asks Windows.");
        if (OperatingSystem.IsWindows())
            Assert.NotEqual(Ternary.Unknown, new WindowsDeviceState(Path.GetTempPath()).Read().HasBattery);
    }
}
