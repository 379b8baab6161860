using System.Runtime.InteropServices;

namespace AutLearn.Runtime.Scheduling.Windows;

/// <summary>The structure <c>MEMORYSTATUSEX</c>, 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryStatus
{
    public uint Length;

    public uint MemoryLoad;

    public ulong TotalPhysical;

    public ulong AvailablePhysical;

    public ulong TotalPageFile;

    public ulong AvailablePageFile;

    public ulong TotalVirtual;

    public ulong AvailableVirtual;

    public ulong AvailableExtendedVirtual;
}
