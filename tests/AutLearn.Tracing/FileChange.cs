namespace AutLearn.Tracing;

/// <summary>A successful system call that made, opened for writing, renamed or deleted a file.</summary>
/// <param name="Phase">The part of the day; empty before the first.</param>
/// <param name="Call">The call's name; <c>openat</c> stands for an opening that may write.</param>
/// <param name="Path">The full path; for a rename, each of both in a change of its own.</param>
public sealed record FileChange(string Phase, string Call, string Path);
