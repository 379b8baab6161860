namespace AutLearn.DeviceDay;

/// <summary>What the day's package takes.</summary>
internal static class DayModel
{
    public const int Inputs = 16;
}
