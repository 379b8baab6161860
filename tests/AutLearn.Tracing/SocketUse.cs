namespace AutLearn.Tracing;

/// <summary>A socket that a process made or tried to make.</summary>
/// <param name="Phase">The part of the day in which it was made; empty before the first.</param>
/// <param name="Family">Such as <c>AF_INET</c>.</param>
/// <param name="Bound">The address that it was bound to, or null.</param>
/// <param name="Peer">Where it was connected or sent to, or null.</param>
public sealed record SocketUse(string Phase, string Family, string? Bound, string? Peer)
{
    /// <summary>Gets whether it was neither bound nor connected: .NET asks so, once for each family, what the system supports.</summary>
    public bool IsProbe => Bound is null && Peer is null;

    /// <summary>Gets whether it waits for programs of this machine and turns to nobody.</summary>
    public bool IsLoopbackListener => Family == "AF_INET" && Peer is null && Bound?.StartsWith("127.0.0.1:", StringComparison.Ordinal) == true;
}
