using AutLearn.Runtime.Scheduling;
using Microsoft.Extensions.Time.Testing;

namespace AutLearn.Runtime.Tests.Scheduling;

[Trait("Category", "Unit")]
public sealed class ManualDeviceStateTests
{
    [Fact]
    public void Set_OtherState_RaisesChangedOnce()
    {
        var device = new ManualDeviceState();
        int changes = 0;
        device.Changed += (_, _) => changes++;
        Assert.Equal(DeviceState.Unknown, device.Read());
        device.Update(s => s with { IsCharging = Ternary.True });
        device.Update(s => s with { IsCharging = Ternary.True });
        Assert.Equal((1, Ternary.True), (changes, device.Read().IsCharging));
        device.Set(DeviceState.Unknown);
        Assert.Equal(2, changes);
    }

    [Fact]
    public void Read_StateTooOld_IsUnknown()
    {
        var time = new FakeTimeProvider();
        var device = new ManualDeviceState(TimeSpan.FromMinutes(10), time);
        device.Set(TrainingPolicyTests.Ready);
        time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(TrainingPolicyTests.Ready, device.Read());
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(DeviceState.Unknown, device.Read());

        // What is set anew stands alone; the old parts stay forgotten.
        device.Update(s => s with { IsCharging = Ternary.True });
        Assert.Equal(new DeviceState { IsCharging = Ternary.True }, device.Read());
    }
}
