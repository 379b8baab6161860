using System.Runtime.InteropServices;

namespace AutLearn.Runtime.Scheduling.Windows;

/// <summary>The structure <c>LASTINPUTINFO</c>, 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LastInputInfo
{
    public uint Size;

    public uint Time;
}
